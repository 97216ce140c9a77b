//! Two tasks in which something early must be known at the end.

use anyhow::{Result, ensure};

use crate::draw::Draw;

/// Rows of the two tables that a token is the sum of: 0 for none, the letters and `!`; 0 for none, the digits and `?`.
pub const LETTERS: usize = 28;
pub const DIGITS: usize = 12;
/// The answers: the digits.
pub const ANSWERS: usize = 10;

/// A letter with a digit, either of which may be absent.
pub type Token = (u32, u32);

const FLAG: Token = (27, 0);
const QUESTION: u32 = 11;

/// Tokens, the last of which asks; the digit to answer, and where it stands.
#[derive(Clone)]
pub struct Sample {
    pub tokens: Vec<Token>,
    pub answer: u32,
    pub at: usize,
}

impl Sample {
    /// As it is written: `q7 b2 q?`.
    #[must_use]
    pub fn text(&self) -> String {
        let token = |&(letter, digit): &Token| {
            let letter = match letter {
                0 => String::new(),
                27 => "!".into(),
                letter => char::from(b'a' + letter as u8 - 1).to_string(),
            };
            let digit = match digit {
                0 => String::new(),
                QUESTION => "?".into(),
                digit => (digit - 1).to_string(),
            };
            letter + &digit
        };
        self.tokens.iter().map(token).collect::<Vec<_>>().join(" ")
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// `q7 b2 .. q?`: letters with digits, each letter once; the digit of one of them is asked for.
    Pairs,
    /// `k 3 ! 7 m 5 ?`: letters and digits without meaning, a flag, and the digit after the flag is asked for.
    Flag,
}

impl Task {
    pub const ALL: [Self; 2] = [Self::Pairs, Self::Flag];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pairs => "pairs",
            Self::Flag => "flag",
        }
    }

    /// The fewest and the most tokens before the question in training.
    #[must_use]
    pub fn lengths(self) -> (usize, usize) {
        match self {
            Self::Pairs => (1, 24),
            Self::Flag => (2, 40),
        }
    }

    /// Draws a sample with so many tokens before the question; with a distance, its digit stands there.
    ///
    /// # Errors
    /// The length or the distance is out of range.
    pub fn sample(self, draw: &mut Draw, length: usize, distance: Option<usize>) -> Result<Sample> {
        let least = self.lengths().0;
        ensure!(
            length >= least,
            "expected at least {least} tokens, found {length}"
        );
        // the digit stands at a place from `least - 1`: a flag has one place before it
        let distance = distance.unwrap_or_else(|| 1 + draw.below(length + 1 - least));
        ensure!(
            (1..=length + 1 - least).contains(&distance),
            "expected a distance within {length}, found {distance}"
        );
        let at = length - distance;
        let digit = |draw: &mut Draw| draw.below(ANSWERS) as u32;
        let mut tokens: Vec<Token>;
        let answer;
        match self {
            Self::Pairs => {
                let mut letters: Vec<u32> = (1..=26).collect();
                draw.shuffle(&mut letters);
                ensure!(
                    length <= letters.len(),
                    "expected at most 26 letters, found {length}"
                );
                tokens = letters[..length]
                    .iter()
                    .map(|&letter| (letter, 1 + digit(draw)))
                    .collect();
                answer = tokens[at].1 - 1;
                tokens.push((letters[at], QUESTION));
            }
            Self::Flag => {
                let noise = |draw: &mut Draw| {
                    if draw.chance(0.5) {
                        (1 + draw.below(26) as u32, 0)
                    } else {
                        (0, 1 + draw.below(ANSWERS) as u32)
                    }
                };
                tokens = (0..length).map(|_| noise(draw)).collect();
                answer = digit(draw);
                tokens[at - 1] = FLAG;
                tokens[at] = (0, 1 + answer);
                tokens.push((0, QUESTION));
            }
        }
        Ok(Sample { tokens, answer, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_stands_where_it_is_said_to() {
        let mut draw = Draw::new(0, 9);
        for task in Task::ALL {
            let (least, most) = task.lengths();
            for length in least..=most {
                for _ in 0..20 {
                    let sample = task.sample(&mut draw, length, None).unwrap();
                    let words: Vec<String> = sample.text().split(' ').map(String::from).collect();
                    assert_eq!(words.len(), length + 1);
                    assert!(words[length].ends_with('?'));
                    assert!(
                        words[sample.at].ends_with(&sample.answer.to_string()),
                        "{words:?}"
                    );
                    match task {
                        Task::Pairs => assert_eq!(words[sample.at][..1], words[length][..1]),
                        Task::Flag => assert_eq!(words[sample.at - 1], "!"),
                    }
                }
            }
            assert!(task.sample(&mut draw, least - 1, None).is_err());
        }
    }
}
