//! Small stories in which some words can be known from those before them.

use std::collections::HashMap;

use crate::draw::Draw;

pub const GIRLS: [&str; 6] = ["anna", "mia", "ella", "lucy", "nora", "rosa"];
pub const BOYS: [&str; 6] = ["tom", "ben", "max", "leo", "paul", "sam"];
pub const THINGS: [&str; 12] = [
    "apple", "kite", "hat", "drum", "lamp", "book", "ball", "cup", "bell", "boat", "key", "map",
];
pub const LOOKS: [&str; 8] = [
    "red", "blue", "green", "new", "small", "big", "round", "shiny",
];
pub const PLACES: [&str; 8] = [
    "kitchen", "garden", "park", "school", "forest", "shop", "house", "yard",
];
pub const ANIMALS: [(&str, &str); 5] = [
    ("dog", "dogs"),
    ("cat", "cats"),
    ("horse", "horses"),
    ("duck", "ducks"),
    ("goat", "goats"),
];
pub const MOODS: [&str; 5] = ["happy", "tired", "hungry", "quiet", "wild"];
pub const SYLLABLES: [&str; 12] = [
    "la", "zu", "ki", "mo", "pa", "ne", "ti", "ro", "du", "fe", "so", "bi",
];
/// All else that stands in a story.
pub const OTHERS: [&str; 36] = [
    ".", ":", "a", "and", "are", "finds", "gives", "goes", "happy", "has", "he", "her", "his",
    "in", "is", "it", "likes", "loses", "meets", "nice", "now", "runs", "run", "sad", "sees",
    "she", "sings", "stays", "thanks", "the", "they", "to", "too", "two", "with", "old",
];

/// What a word of a story can be known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// A thing after its look: from where it was called so before.
    Thing,
    /// A syllable that is sung again.
    Syllable,
    /// She or he, her or his, it or they: from the name or the animals.
    Pronoun,
}

impl Known {
    /// As it is called in scores.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Thing => "thing",
            Self::Syllable => "syllable",
            Self::Pronoun => "pronoun",
        }
    }
}

/// A story as words, and those of them that can be known: which, where it stands, and where the same word stood before if
/// it did.
pub struct Story {
    pub words: Vec<&'static str>,
    pub known: Vec<(Known, usize, Option<usize>)>,
}

/// Two who meet, and what the first has. The same three never meet in two of the splits.
pub type Cast = (&'static str, &'static str, &'static str);

/// Every girl and boy with everything, in a random order that is always the same.
pub fn casts() -> Vec<Cast> {
    let mut all = Vec::new();
    for girl in GIRLS {
        for boy in BOYS {
            all.extend(THINGS.map(|thing| (girl, boy, thing)));
        }
    }
    Draw::new(0, 2).shuffle(&mut all);
    all
}

/// Writes patterns down: words in capitals stand for the cast, a `=` before one says that it can be known.
struct Writer {
    story: Story,
    cast: HashMap<&'static str, &'static str>,
}

impl Writer {
    fn say(&mut self, pattern: &'static str) {
        for symbol in pattern.split(' ') {
            let (symbol, asked) = match symbol.strip_prefix('=') {
                Some(rest) => (rest, true),
                None => (symbol, false),
            };
            let word = self.cast.get(symbol).copied().unwrap_or(symbol);
            let at = self.story.words.len();
            if asked {
                let kind = match symbol {
                    "O" | "U" => Known::Thing,
                    _ => Known::Pronoun,
                };
                let before = self.story.words.iter().rposition(|&other| other == word);
                self.story.known.push((kind, at, before));
            }
            self.story.words.push(word);
        }
    }
}

/// Tells a story with one of these casts.
pub fn story(draw: &mut Draw, casts: &[Cast]) -> Story {
    let &(girl, boy, thing) = draw.pick(casts);
    let mut looks = LOOKS;
    draw.shuffle(&mut looks);
    let mut places = PLACES;
    draw.shuffle(&mut places);
    let mut things = THINGS;
    draw.shuffle(&mut things);
    let other = if things[0] == thing {
        things[1]
    } else {
        things[0]
    };
    let she = [girl, "she", "her"];
    let he = [boy, "he", "his"];
    let ([a, s, h], [b, t, _]) = if draw.chance(0.5) {
        (she, he)
    } else {
        (he, she)
    };
    let cast = [
        ("A", a),
        ("S", s),
        ("H", h),
        ("B", b),
        ("T", t),
        ("P", places[0]),
        ("Q", places[1]),
        ("O", thing),
        ("J", looks[0]),
        ("U", other),
        ("K", looks[1]),
    ];
    let mut writer = Writer {
        story: Story {
            words: Vec::new(),
            known: Vec::new(),
        },
        cast: HashMap::from(cast),
    };
    let plot = draw.weighted(&[2.0, 3.0, 1.0, 1.0, 1.0, 2.0]);
    // animals need no people
    if plot != 3 || draw.chance(0.5) {
        let openings = [
            "A and B are in the P .",
            "A is in the P with B .",
            "A meets B in the P .",
        ];
        writer.say(draw.pick::<&str>(&openings));
    }
    match plot {
        0 => give(draw, &mut writer),
        1 => two(draw, &mut writer),
        2 => writer.say("A goes to the Q . B stays in the P ."),
        3 => agree(draw, &mut writer),
        4 => writer.say("A loses H J O . =S is sad . B finds the J =O in the Q . =T gives it to A . A is happy ."),
        _ => sing(draw, &mut writer),
    }
    writer.story
}

fn give(draw: &mut Draw, writer: &mut Writer) {
    writer.say("A has a J O .");
    if draw.chance(0.5) {
        writer.say("=S likes the J =O .");
    }
    writer.say("=S gives the =O to B . now B has the J =O .");
    if draw.chance(0.5) {
        writer.say("B thanks A .");
    } else {
        writer.say("A is happy .");
    }
}

fn two(draw: &mut Draw, writer: &mut Writer) {
    if draw.chance(0.5) {
        writer.say("A has a J O . B has a K U .");
    } else {
        writer.say("B has a K U . A has a J O .");
    }
    let ends = [
        "the J =O is nice .",
        "the K =U is nice .",
        "B sees the J =O .",
        "A sees the K =U .",
        "A likes the J =O .",
        "B likes the K =U .",
    ];
    for _ in 0..=draw.below(3) {
        writer.say(draw.pick::<&str>(&ends));
    }
}

fn agree(draw: &mut Draw, writer: &mut Writer) {
    let &(one, many) = draw.pick(&ANIMALS);
    writer.cast.insert("F", *draw.pick(&MOODS[..]));
    if draw.chance(0.5) {
        writer.cast.insert("X", many);
        writer.say("two old X run in the P . A sees the old X . =they are F .");
    } else {
        writer.cast.insert("X", one);
        writer.say("the old X runs in the P . A sees the old X . =it is F .");
    }
}

fn sing(draw: &mut Draw, writer: &mut Writer) {
    writer.say("A sings :");
    let first = writer.story.words.len();
    for _ in 0..4 + draw.below(4) {
        let syllable = *draw.pick(&SYLLABLES);
        writer.story.words.push(syllable);
    }
    let last = writer.story.words.len();
    writer.say(". B sings too :");
    for from in first..last {
        writer
            .story
            .known
            .push((Known::Syllable, writer.story.words.len(), Some(from)));
        let syllable = writer.story.words[from];
        writer.story.words.push(syllable);
    }
    writer.say(".");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_hold_together() {
        let (mut draw, casts) = (Draw::new(0, 9), casts());
        assert_eq!(casts.len(), 432);
        for _ in 0..2000 {
            let Story { words, known } = story(&mut draw, &casts);
            assert!(words.len() < 64 && words.last() == Some(&"."), "{words:?}");
            for word in &words {
                assert!(
                    word.chars().all(|letter| !letter.is_uppercase()),
                    "{words:?}"
                );
            }
            for (kind, at, before) in known {
                if let Some(before) = before {
                    assert_eq!(words[before], words[at]);
                }
                assert!(
                    kind == Known::Pronoun || before.is_some(),
                    "{words:?} at {at}"
                );
            }
        }
    }
}
