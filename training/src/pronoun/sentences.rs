//! Sentences by template, with what "it" stands for in them.

use anyhow::{Result, bail};

use super::words::{self, Kind};
use crate::draw::Draw;

/// Two nouns that meet, and what is said of either.
struct Scene {
    /// How often, against the others.
    share: f64,
    first: Kind,
    second: Kind,
    /// Verbs that the first does to the second.
    verbs: Kind,
    /// Templates with their shares.
    templates: &'static [Template],
}

/// A pattern: `A` and `B` are the nouns, capitals with a kind of words are drawn from it, all else stands as it is.
/// `J` is an adjective that tells which of the nouns `it` stands for.
struct Template {
    share: f64,
    pattern: &'static str,
    /// Adjectives that make `it` the first noun, and those that make it the second; none where it can not be.
    first: Option<Kind>,
    second: Option<Kind>,
}

const fn either(share: f64, pattern: &'static str, first: Kind, second: Kind) -> Template {
    Template {
        share,
        pattern,
        first: Some(first),
        second: Some(second),
    }
}

const PLACE: &[Template] = &[
    either(
        4.0,
        "D A N V D B C it W T J",
        words::OF_BEINGS,
        words::OF_PLACES,
    ),
    either(
        1.0,
        "D B N P D A C it W T J",
        words::OF_BEINGS,
        words::OF_PLACES,
    ),
    either(
        1.0,
        "C it W T J , D A N V D B",
        words::OF_BEINGS,
        words::OF_PLACES,
    ),
    either(
        1.0,
        "D B W X by D A C it W T J",
        words::OF_BEINGS,
        words::OF_PLACES,
    ),
    // a street that crosses an animal: readers swap words
    either(
        1.0,
        "D B N V D A C it W T J",
        words::OF_BEINGS,
        words::OF_PLACES,
    ),
    Template {
        share: 1.0,
        pattern: "D A W T J , so it N V D B",
        first: Some(words::OF_BEINGS),
        second: None,
    },
    Template {
        share: 1.0,
        pattern: "D B W T J , so D A N V it",
        first: None,
        second: Some(words::OF_PLACES),
    },
];

const FOOD: &[Template] = &[
    either(
        4.0,
        "D A N V D B C it W T J",
        words::OF_BEINGS,
        words::OF_FOODS,
    ),
    either(
        1.0,
        "D B N P D A C it W T J",
        words::OF_BEINGS,
        words::OF_FOODS,
    ),
    either(
        1.0,
        "C it W T J , D A N V D B",
        words::OF_BEINGS,
        words::OF_FOODS,
    ),
    either(
        1.0,
        "D B W X by D A C it W T J",
        words::OF_BEINGS,
        words::OF_FOODS,
    ),
    Template {
        share: 1.0,
        pattern: "D A W T J , so it N V D B",
        first: Some(words::OF_BEINGS),
        second: None,
    },
    Template {
        share: 1.0,
        pattern: "D B W T J , so D A N V it",
        first: None,
        second: Some(words::OF_FOODS),
    },
];

const FIT: &[Template] = &[
    either(4.0, "D A N V I D B C it W T J", words::BIG, words::SMALL),
    either(1.5, "C it W T J , D A N V I D B", words::BIG, words::SMALL),
    either(2.0, "D B N H D A C it W T J", words::BIG, words::SMALL),
    // what fits is small, or the other is big
    either(2.0, "D A F I D B C it W T J", words::SMALL, words::BIG),
];

const SCENES: &[Scene] = &[
    Scene {
        share: 5.0,
        first: words::BEINGS,
        second: words::PLACES,
        verbs: words::CROSS,
        templates: PLACE,
    },
    Scene {
        share: 4.0,
        first: words::THINGS,
        second: words::BOXES,
        verbs: words::FIT,
        templates: FIT,
    },
    Scene {
        share: 2.0,
        first: words::BEINGS,
        second: words::FOODS,
        verbs: words::EAT,
        templates: FOOD,
    },
];

/// A sentence as words, with the place of "it" and that of the noun it stands for.
pub struct Sentence {
    pub words: Vec<&'static str>,
    pub it: usize,
    pub referent: usize,
    /// What must be read to know: the nouns and the adjective.
    pub needed: Vec<usize>,
}

impl Sentence {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for &word in &self.words {
            if !text.is_empty() && ![",", "."].contains(&word) {
                text.push(' ');
            }
            text.push_str(word);
        }
        text[..1].to_uppercase() + &text[1..]
    }
}

/// Which pairs of nouns are met when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Train,
    Validation,
    Test,
}

/// All pairs of nouns, each in one of three splits: 3/4, 1/8, 1/8. The same for every seed of training.
pub struct Pairs(Vec<Vec<Vec<(&'static str, &'static str)>>>);

/// Readers meet these first, so training does not.
const SHOWN: [(&str, &str); 3] = [
    ("animal", "street"),
    ("trophy", "suitcase"),
    ("dog", "soup"),
];

impl Pairs {
    #[must_use]
    pub fn new() -> Self {
        let mut draw = Draw::new(0, 2);
        let of_scene = |scene: &Scene| {
            let mut all: Vec<_> = scene
                .first
                .1
                .iter()
                .flat_map(|&a| scene.second.1.iter().map(move |&b| (a, b)))
                .collect();
            draw.shuffle(&mut all);
            // stable: what is shown comes first, into the test
            all.sort_by_key(|pair| !SHOWN.contains(pair));
            let eighth = all.len() / 8;
            let validation = all.split_off(eighth);
            let (test, (validation, train)) = (all, validation.split_at(eighth));
            vec![train.to_vec(), validation.to_vec(), test]
        };
        Self(SCENES.iter().map(of_scene).collect())
    }

    fn of(&self, scene: usize, split: Split) -> &[(&'static str, &'static str)] {
        &self.0[scene][split as usize]
    }

    /// How many pairs a split has.
    #[must_use]
    pub fn count(&self, split: Split) -> usize {
        self.0.iter().map(|scene| scene[split as usize].len()).sum()
    }
}

/// Draws a sentence with a pair of nouns of a split.
///
/// # Errors
/// A template names an unknown kind.
pub fn sentence(draw: &mut Draw, pairs: &Pairs, split: Split) -> Result<Sentence> {
    let place = draw.weighted(&SCENES.map_shares(|scene| scene.share));
    let scene = &SCENES[place];
    let &(a, b) = draw.pick(pairs.of(place, split));
    let template =
        &scene.templates[draw.weighted(&scene.templates.map_shares(|template| template.share))];
    let adjectives = [template.first, template.second];
    let second = match adjectives {
        [Some(_), Some(_)] => draw.chance(0.5),
        [first, _] => first.is_none(),
    };
    let Some(adjectives) = adjectives[usize::from(second)] else {
        bail!("a template without adjectives")
    };
    let (mut words, mut it, mut nouns, mut adjective) = (Vec::new(), 0, [0, 0], 0);
    for symbol in template.pattern.split(' ') {
        let at = words.len();
        let kind = match symbol {
            "A" | "B" => {
                nouns[usize::from(symbol == "B")] = at;
                words.push(if symbol == "A" { a } else { b });
                continue;
            }
            "J" => {
                adjective = at;
                adjectives
            }
            // "it was wide" is said, too
            "T" if draw.chance(0.1) => continue,
            "T" => words::TOO,
            "D" => words::THE,
            "N" => words::NOT,
            "V" => scene.verbs,
            "P" => words::PLEASE,
            "X" => words::AVOIDED,
            "C" => words::BECAUSE,
            "W" => words::WAS,
            "I" => words::WITHIN,
            "H" => words::HOLD,
            "F" => words::FITS,
            "it" | "by" | "," | "so" => {
                if symbol == "it" {
                    it = at;
                }
                words.push(symbol);
                continue;
            }
            other => bail!("a template with {other:?}"),
        };
        // the first word of a kind is the usual one
        let usual = ["D", "C", "W", "T"].contains(&symbol) && draw.chance(0.5);
        words.push(if usual { kind.1[0] } else { *draw.pick(kind.1) });
    }
    if draw.chance(0.5) {
        words.push(".");
    }
    Ok(Sentence {
        words,
        it,
        referent: nouns[usize::from(second)],
        needed: vec![nouns[0], nouns[1], adjective],
    })
}

trait MapShares<T> {
    fn map_shares(&self, share: impl Fn(&T) -> f64) -> Vec<f64>;
}

impl<T> MapShares<T> for [T] {
    fn map_shares(&self, share: impl Fn(&T) -> f64) -> Vec<f64> {
        self.iter().map(share).collect()
    }
}
