/** Numbers as a person reads them. */

/** What is wrong with `text` as a print of `value`, or undefined: it has to be `value` at the precision that is printed. */
export function misprint(text: string, value: number): string | undefined {
  const ascii = text.trim().replaceAll("−", "-");
  const wrong = `shows “${text}” for ${value}`;
  if (ascii === "NaN") return Number.isNaN(value) ? undefined : wrong;
  if (ascii === "∞" || ascii === "-∞") return value === (ascii === "∞" ? Infinity : -Infinity) ? undefined : wrong;
  // In a cell that has no room for more.
  if (ascii === "≈0") return value !== 0 && Math.abs(value) < 0.01 ? undefined : wrong;
  if (ascii === "<0.1 %") return value > 0 && value < 0.001 ? undefined : wrong;
  if (ascii === ">-0.1 %") return value < 0 && value > -0.001 ? undefined : wrong;
  if (ascii === ">99.9 %") return value > 0.999 && value < 1 ? undefined : wrong;
  if (ascii === "<-99.9 %") return value < -0.999 && value > -1 ? undefined : wrong;
  const percent = ascii.endsWith(" %");
  const number = percent ? ascii.slice(0, -2) : ascii;
  if (!/^-?\d+(\.\d+)?(e-?\d+)?$/.test(number)) return `${wrong}: no number`;
  const [mantissa = "", exponent = "0"] = number.split("e");
  const unit = 10 ** (Number(exponent) - (mantissa.split(".")[1]?.length ?? 0));
  const meant = percent ? value * 100 : value;
  if (Number(number) === 0 && meant !== 0) return wrong;
  // Not all is not 100 %.
  if (percent && number === "100" && meant < 100) return wrong;
  return Math.abs(Number(number) - meant) <= unit / 2 + Math.abs(meant) * 1e-9 ? undefined : wrong;
}
