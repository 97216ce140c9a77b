/** An equation as it stands on the page, worked out: with numbers as they are printed, each of which stands for all that it may be. */

/** From the least to the largest that is meant. */
export type Interval = readonly [least: number, most: number];

/** What a printed number may stand for: half a unit of its last digit to either side. */
export function printed(text: string): Interval {
  const ascii = text.trim().replaceAll("−", "-");
  const whole = { "∞": Number.POSITIVE_INFINITY, "-∞": Number.NEGATIVE_INFINITY }[ascii];
  if (whole !== undefined) return [whole, whole];
  if (!/^-?\d+(\.\d+)?(e-?\d+)?$/.test(ascii)) throw new Error(`“${text}” is no number`);
  const [mantissa = "", exponent = "0"] = ascii.split("e");
  const half = 10 ** (Number(exponent) - (mantissa.split(".")[1]?.length ?? 0)) / 2;
  const value = Number(ascii);
  return value === 0 && !/[.e]/.test(ascii) ? [0, 0] : [value - half, value + half];
}

const corners = (a: Interval, b: Interval, of: (x: number, y: number) => number): Interval => {
  const all = [of(a[0], b[0]), of(a[0], b[1]), of(a[1], b[0]), of(a[1], b[1])];
  return [Math.min(...all), Math.max(...all)];
};
const rising = (a: Interval, of: (x: number) => number): Interval => [of(a[0]), of(a[1])];
/** What is hidden counts nothing, and no multiple of it does. */
const times = (x: number, y: number) => (x === 0 || y === 0 ? 0 : x * y);

/** `#n` stands for number `n`. Signs are those of the page, and a sum has its terms in their order. */
export function evaluate(text: string, numbers: readonly Interval[]): Interval {
  const tokens = text.match(/#\d+|max|tanh|exp|e|[()+−×÷,^]/g) ?? [];
  const left = text.replace(/#\d+|max|tanh|exp|e|[()+−×÷,^\s]/g, "");
  if (left) throw new Error(`“${left}” in the equation “${text}”`);
  let at = 0;
  const take = (token: string) => {
    if (tokens[at] !== token) throw new Error(`“${text}”: expected ${token}, found ${tokens[at]}`);
    at++;
  };
  const inBrackets = (): Interval => {
    take("(");
    const inner = sum();
    take(")");
    return inner;
  };
  const single = (): Interval => {
    const token = tokens[at] ?? "";
    if (token === "(") return inBrackets();
    at++;
    if (token === "tanh") return rising(inBrackets(), Math.tanh);
    if (token === "exp") return rising(inBrackets(), Math.exp);
    if (token === "e") {
      take("^");
      return rising(inBrackets(), Math.exp);
    }
    if (token === "max") {
      take("(");
      let largest = sum();
      while (tokens[at] === ",") {
        at++;
        const next = sum();
        largest = [Math.max(largest[0], next[0]), Math.max(largest[1], next[1])];
      }
      take(")");
      return largest;
    }
    const number = numbers[Number(token.slice(1))];
    if (!token.startsWith("#") || !number) throw new Error(`“${text}”: ${token} is no number`);
    return number;
  };
  const product = (): Interval => {
    let value = single();
    while (tokens[at] === "×" || tokens[at] === "÷") {
      const by = tokens[at++];
      value = corners(value, single(), by === "×" ? times : (x, y) => x / y);
    }
    return value;
  };
  const sum = (): Interval => {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "−") {
      const plus = tokens[at++] === "+";
      const next = product();
      value = plus ? [value[0] + next[0], value[1] + next[1]] : [value[0] - next[1], value[1] - next[0]];
    }
    return value;
  };
  const value = sum();
  if (at < tokens.length) throw new Error(`“${text}” goes on after its end`);
  return value;
}
