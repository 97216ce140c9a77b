/** Sizes of a window, and views of the default model, unless they say otherwise: what is looked at for its looks. */

export const SIZES = {
  desk: { width: 1440, height: 900 },
  tablet: { width: 820, height: 1180 },
  phone: { width: 390, height: 844 },
};

export const VIEWS: [name: string, query: string][] = [
  ["scores", "stage=scores"],
  ["query", "stage=query"],
  ["weights-causal", "stage=weights&causal=true&pin=weights,0,7,5"],
  ["mixed", "stage=mixed"],
  ["row", "zoom=row&stage=weights"],
  ["row-mixed", "zoom=row&stage=mixed"],
  ["cell", "zoom=cell&stage=scores"],
  ["changed", "model=pronoun&stage=weights&pin=scores,1,7,5&edits=scores,1,7,5=0"],
  ["mid-cell", "stage=scores&cell=3.5"],
  ["untrained", "model=none&stage=weights"],
  ["digits", "model=digits&stage=weights"],
  ["dates", "model=dates&stage=weights&token=6"],
  ["decoder", "model=decoder"],
  ["recall", "model=recall&text=a1+b2+c3+d4+e5+f6+g7+h8+c?"],
];
