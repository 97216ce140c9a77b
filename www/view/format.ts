/** Numbers as text: three significant digits in cells, every digit on demand. A real minus sign; never "-0.00". */

const MINUS = "−";

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "∞";
  if (value === Number.NEGATIVE_INFINITY) return `${MINUS}∞`;
  return value === 0 ? "0" : undefined;
}

const typeset = (text: string) => text.replace("e+", "e").replaceAll("-", MINUS);

/** Whether there is room for a text. */
export type Fits = (text: string) => boolean;

/** What is smaller is nearly nothing where there is no room for more. */
const NEARLY_ZERO = 0.01;

/**
 * Three significant digits where seven characters hold them, else fewer: −0.0123, −0.0012, −2.3e−5. Where that has no room,
 * the first of −0.012, −0.01, −1e−2 that has; ≈0 stands for what is less than a hundredth and has none.
 */
export function formatCell(value: number, fits?: Fits): string {
  const name = special(value);
  if (name) return name;
  const full = threeDigits(value);
  if (!fits || fits(full)) return full;
  const shorter = shorterForms(value);
  return shorter.find(fits) ?? shorter.at(-1) ?? full;
}

/** From the most exact to the shortest. */
function shorterForms(value: number): string[] {
  const forms = [2, 1].flatMap((digits) => {
    const exponential = value.toExponential(digits - 1);
    const decimals = digits - 1 - Number(exponential.split("e")[1]);
    const whole = Math.abs(value) >= 1 && digits === 1 ? [value.toFixed(0)] : [];
    return [...(decimals >= 0 && decimals < 9 ? [value.toFixed(decimals)] : []), ...whole, exponential];
  });
  return [...forms.map(typeset), ...(Math.abs(value) < NEARLY_ZERO ? ["≈0"] : [])];
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size < 0.009_95 && size >= 0.000_95) return typeset(value.toFixed(4));
  if (size >= 99_950 || size < 0.009_95) return typeset(value.toExponential(size >= 1e10 || size < 1e-9 ? 0 : 1));
  if (size >= 999.5) return typeset(value.toFixed(0));
  const text = value.toPrecision(3);
  return typeset(text.includes("e") ? String(Number(text)) : text);
}

/** The fewest digits that name this f32 and no other, as programs read it. */
export function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

/** Every digit of an f32, as people read it. */
export function formatFull(value: number): string {
  return special(value) ?? typeset(shortest(value));
}

/** An f64 to 12 digits: enough to show what one rounding to f32 took away. */
export function formatExact(value: number): string {
  return special(value) ?? typeset(String(Number(value.toPrecision(12))));
}

export function formatPercent(value: number): string {
  if (!Number.isFinite(value)) return formatCell(value);
  // Below nothing, where the reader has set a sum or an exponential so.
  const [percent, negative] = [Math.abs(value * 100), value < 0];
  if (percent === 0) return "0 %";
  if (percent < 0.1) return negative ? `>${MINUS}0.1 %` : "<0.1 %";
  // Not all, but for a little: that little is shown where it is at the other end, too.
  const nearlyAll = percent >= 99.5 && percent < 100;
  if (nearlyAll && percent > 99.9) return negative ? `<${MINUS}99.9 %` : ">99.9 %";
  return `${negative ? MINUS : ""}${typeset(percent.toFixed(percent < 9.95 || nearlyAll ? 1 : 0))} %`;
}
