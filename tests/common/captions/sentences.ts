/**
 * All sentences that a caption may be, as they are read: `<v>` stands for a number that says which cell it is, `“q”` for a token, `#c`
 * for a number of the sentence itself. What a name claims is in claims.ts. Written down here, and not taken from the catalogue: a
 * message that says something else is to be found out.
 */

type Sentences = Record<string, string>;

/** How a number stands in its row. */
const RANKS: Record<"en" | "zh", Sentences> = {
  en: {
    "rank none": ".",
    "rank first": ", the largest in this row.",
    "rank tied": ", as large as any in this row.",
    "rank last": ", the smallest in this row.",
    "rank nth": ", number #n of #all in this row, from the largest.",
  },
  zh: {
    "rank none": "。",
    "rank first": "，是本行中最大的。",
    "rank tied": "，本行中没有比它更大的。",
    "rank last": "，是本行中最小的。",
    "rank nth": "，在本行的 #all 个数中从大到小排第 #n。",
  },
};

const SHARES: Record<"en" | "zh", Sentences> = {
  en: {
    "rank none": ".",
    "rank first": ", the most in its row.",
    "rank tied": ", as much as any in its row.",
    "rank last": ", the least in its row.",
    "rank nth": ", number #n of #all in its row, from the largest.",
    unseen: ": it may not see it.",
  },
  zh: {
    "rank none": "。",
    "rank first": "，是本行中最多的。",
    "rank tied": "，本行中没有比它更多的。",
    "rank last": "，是本行中最少的。",
    "rank nth": "，在本行的 #all 个权重中从大到小排第 #n。",
    unseen: "：它不可以看这个词元。",
  },
};

const PARTS: Record<"en" | "zh", Sentences> = {
  en: { "no part": ".", counts: ", and what counts most in it is <w> × <x>, from “top”{ and #more more}." },
  zh: { "no part": "。", counts: "，其中影响最大的是 <w> × <x>，来自 “top”{（另有 #more 个相同）}。" },
};

const ROTATED = {
  en: "turned by the angle of its place, has <v> at number #c.",
  zh: "按位置的角度旋转后，第 #c 个数是 <v>。",
};

/** By what they claim; the second list, where there is one, goes on with them. */
export const SENTENCES: Record<"en" | "zh", [claim: string, sentence: string, tails?: Sentences][]> = {
  en: [
    ["plain", "*stage: <v>."],
    ["given", "Number #c of “q” was given: <v>."],
    ["given plainly", "This number was given: <v>."],
    ["edited", "You have set this number: <v>."],
    ["embeddings", "Number #c of the embedding of “q” is <v>."],
    ["positions", "Number #c of the position of “q” is <v>."],
    ["input", "At number #c the embedding of “q”, <a>, and its place, <b>, add up to <v>."],
    ...(["query", "key", "value"] as const).map((name): [string, string] => [
      name,
      `The row of “q” times column #column of W_${name[0]?.toUpperCase()}{, with its bias added,} gives number #c of its ${name}: <v>.`,
    ]),
    ["query_rotated", `The query of “q”, ${ROTATED.en}`],
    ["key_rotated", `The key of “q”, ${ROTATED.en}`],
    ["dot", "The query of “q” and the key of “k”, multiplied number by number and added up, give <v>", RANKS.en],
    ["same", "The query of “q” and the key of “k” point mostly the same way: their dot product is <v>", RANKS.en],
    ["near", "The query of “q” and the key of “k” point a little the same way: their dot product is <v>", RANKS.en],
    ["right", "The query of “q” and the key of “k” are nearly at right angles: their dot product is <v>", RANKS.en],
    ["apart", "The query of “q” and the key of “k” point a little away from each other: their dot product is <v>", RANKS.en],
    ["opposite", "The query of “q” and the key of “k” point mostly opposite ways: their dot product is <v>", RANKS.en],
    ["scaled", "Times the scale, the score of “q” for “k” goes from <a> to <v>."],
    ["capped", "The soft cap takes the score of “q” for “k” from <a> to <v>."],
    ["biased", "With its bias the score of “q” for “k” goes from <a> to <v>."],
    ["may see", "“q” may see “k”: its score stays <v>."],
    ["may not see", "“q” may not see “k”{ (*reason)}: its score becomes <v>, which stands for no weight."],
    ["row_max", "The largest score in the row of “q” is <v>, the one for “top”{ and #more more}."],
    ["sees nothing", "“q” may see no key: the largest of no scores is <v>."],
    ["shifted", "The score of “q” for “k” lies <v> from the largest of its row, the one for “top”{ and #more more}."],
    ["shifted_top", "No score in the row of “q” is larger than the one for “k”: less the largest it is <v>."],
    ["exp", "e to the power of <a> is <v>, for “q” and “k”."],
    ["row_sum", "The exponentials in the row of “q” add up to <v>: each will be divided by this sum."],
    ["row_sum none", "The exponentials in the row of “q” add up to <v>: there is nothing to share out."],
    ["weights", "“q” gives “k” <v> of its attention", SHARES.en],
    ["mixed", "Number #c of what “q” collects is <v>", PARTS.en],
    ["concat", "Number #c of “q” is taken over from head #head: <v>."],
    ["output", "The joined row of “q” times column #column of W_O{, with its bias added,} gives <v>."],
    ["factor", "e to the power of the decay of “q”: <v> of the state is kept."],
    ["decayed", "A number of the state before “q”, times the factor: <v>."],
    ["prediction", "For the key of “q” the state predicts <v> at number #c."],
    ["error", "The value of “q” less the prediction at number #c: <v>."],
    ["update", "What “q” writes into this place of the state: <v>."],
    ["state", "After “q” this place of the state holds <v>."],
    ["read", "The query of “q” reads <v> from the state at number #c."],
  ],
  zh: [
    ["plain", "*stage: <v>."],
    ["given", "“q” 的第 #c 个数是给定的：<v>。"],
    ["given plainly", "这个数是给定的：<v>。"],
    ["edited", "这个数由你设定：<v>。"],
    ["embeddings", "“q” 的嵌入的第 #c 个数是 <v>。"],
    ["positions", "“q” 的位置的第 #c 个数是 <v>。"],
    ["input", "第 #c 个数：“q” 的嵌入 <a> 与位置 <b> 相加，得到 <v>。"],
    ["query", "“q” 的行乘以 W_Q 的第 #column 列{，再加上偏置}，得到它的查询的第 #c 个数：<v>。"],
    ["key", "“q” 的行乘以 W_K 的第 #column 列{，再加上偏置}，得到它的键的第 #c 个数：<v>。"],
    ["value", "“q” 的行乘以 W_V 的第 #column 列{，再加上偏置}，得到它的值的第 #c 个数：<v>。"],
    ["query_rotated", `“q” 的查询${ROTATED.zh}`],
    ["key_rotated", `“q” 的键${ROTATED.zh}`],
    ["dot", "“q” 的查询与 “k” 的键逐个相乘再相加，得到 <v>", RANKS.zh],
    ["same", "“q” 的查询和 “k” 的键方向大致相同：它们的点积是 <v>", RANKS.zh],
    ["near", "“q” 的查询和 “k” 的键方向略为接近：它们的点积是 <v>", RANKS.zh],
    ["right", "“q” 的查询和 “k” 的键几乎垂直：它们的点积是 <v>", RANKS.zh],
    ["apart", "“q” 的查询和 “k” 的键方向略为背离：它们的点积是 <v>", RANKS.zh],
    ["opposite", "“q” 的查询和 “k” 的键方向大致相反：它们的点积是 <v>", RANKS.zh],
    ["scaled", "乘以缩放系数后，“q” 对 “k” 的分数从 <a> 变为 <v>。"],
    ["capped", "经过软上限，“q” 对 “k” 的分数从 <a> 变为 <v>。"],
    ["biased", "加上偏置，“q” 对 “k” 的分数从 <a> 变为 <v>。"],
    ["may see", "“q” 可以看 “k”：分数仍是 <v>。"],
    ["may not see", "“q” 不可以看 “k”{ (*reason)}：分数变为 <v>，表示没有权重。"],
    ["row_max", "“q” 这一行最大的分数是 <v>，即对 “top”{（另有 #more 个相同）} 的分数。"],
    ["sees nothing", "“q” 不可以看任何键：没有分数，最大值是 <v>。"],
    ["shifted", "“q” 对 “k” 的分数与本行最大的分数（对 “top”{（另有 #more 个相同）} 的）相差 <v>。"],
    ["shifted_top", "“q” 这一行没有比对 “k” 更大的分数：减去最大值后是 <v>。"],
    ["exp", "e 的 <a> 次方是 <v>，对应 “q” 和 “k”。"],
    ["row_sum", "“q” 这一行的指数加起来是 <v>：每个指数都将除以这个和。"],
    ["row_sum none", "“q” 这一行的指数加起来是 <v>：没有可以分配的份额。"],
    ["weights", "“q” 把自己注意力的 <v> 给了 “k”", SHARES.zh],
    ["mixed", "“q” 收集到的内容的第 #c 个数是 <v>", PARTS.zh],
    ["concat", "“q” 的第 #c 个数取自第 #head 个头：<v>。"],
    ["output", "“q” 拼接后的行乘以 W_O 的第 #column 列{，再加上偏置}，得到 <v>。"],
    ["factor", "e 的 “q” 的衰减次方：状态保留 <v>。"],
    ["decayed", "“q” 之前状态中的一个数，乘以系数：<v>。"],
    ["prediction", "对 “q” 的键，状态预测第 #c 个数是 <v>。"],
    ["error", "“q” 的值减去预测，第 #c 个数：<v>。"],
    ["update", "“q” 写入状态这个位置的数：<v>。"],
    ["state", "“q” 之后，状态的这个位置是 <v>。"],
    ["read", "“q” 的查询从状态读出的第 #c 个数：<v>。"],
  ],
};

/** Why a key is hidden, in the words of the sentence. */
export const REASONS: Record<string, string> = {
  "causal: it comes later": "causal",
  "outside the window": "window",
  "the mask hides it": "mask",
  "因果：它在后面": "causal",
  在窗口之外: "window",
  被掩码隐藏: "mask",
};

export interface Read {
  claims: string[];
  /** What stands in its slots; a number that says its cell stands as its place among the pieces. */
  slots: Record<string, string>;
}

function pattern(sentence: string): RegExp {
  const source = sentence
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/<(\w+)>/g, "‹(?<$1>\\d+)›")
    .replace(/“(\w+)”/g, "“(?<$1>.*?)”")
    .replace(/#(\w+?)(?![a-z])/g, "(?<$1>\\d+)")
    .replace(/\\\*(\w+)/g, "(?<$1>[^“”]+?)")
    // A part that may be absent.
    .replace(/\\\{(.*?)\\\}/g, "(?<option>$1)?");
  return new RegExp(`^${source}$`, "u");
}

const patterns = (of: (typeof SENTENCES)["en"]): [claims: string[], pattern: RegExp][] =>
  of.flatMap(([claim, sentence, tails]): [string[], RegExp][] =>
    tails
      ? Object.entries(tails).map(([tail, text]): [string[], RegExp] => [[claim, tail], pattern(sentence + text)])
      : [[[claim], pattern(sentence)]],
  );

const PATTERNS = { en: patterns(SENTENCES.en), zh: patterns(SENTENCES.zh) };

/** What a sentence says; nothing where it is no sentence at all. That of a bare number is so plain that others look like it. */
export function read(language: "en" | "zh", text: string): Read | undefined {
  const all = PATTERNS[language].flatMap(([claims, pattern]) => {
    const found = pattern.exec(text);
    return found ? [{ claims, slots: { ...found.groups } }] : [];
  });
  const told = all.filter(({ claims }) => claims[0] !== "plain");
  if (told.length > 1) throw new Error(`“${text}” can be read in ${told.length} ways`);
  return told[0] ?? all[0];
}
