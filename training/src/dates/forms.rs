//! Dates as people write them.

use crate::draw::Draw;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub year: u32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// From 0, Sunday.
    pub weekday: u32,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
/// The first day of `FIRST_YEAR` was a Sunday.
const FIRST_YEAR: u32 = 1950;
const LAST_YEAR: u32 = 2049;

/// Every day of a hundred years, of which two digits tell which: below 50 they mean 20yy.
pub fn days() -> Vec<Day> {
    let mut all = Vec::new();
    for year in FIRST_YEAR..=LAST_YEAR {
        let leap = year % 4 == 0;
        for month in 1..=12 {
            let length = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            for day in 1..=length {
                all.push(Day {
                    year,
                    month,
                    day,
                    weekday: all.len() as u32 % 7,
                });
            }
        }
    }
    all
}

impl Day {
    /// `2021-03-03`
    #[must_use]
    pub fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The forms, with what stands for what: `Y` the year and `y` its last two digits, `N` the month by name, `m` and `mm` by
/// number, `d`, `dd` and `D` the day, as 3, 03 and 3rd, `W` the weekday. All else stands as it is.
pub const FORMS: [&str; 13] = [
    "N d, Y",
    "d N Y",
    "W d N Y",
    "W, N d, Y",
    "mm/dd/y",
    "m/d/Y",
    "D N Y",
    "N D, Y",
    "d.m.Y",
    "d-N-y",
    "Y N d",
    "the D of N Y",
    "Y-mm-dd",
];

/// A date as it is written, and where its parts stand in it.
pub struct Written {
    pub text: String,
    /// First and last character, past the last, of year, month and day.
    pub parts: [(usize, usize); 3],
    /// Whether the whole year is written.
    pub whole_year: bool,
}

/// Writes a day in one of the forms.
pub fn write(draw: &mut Draw, day: Day) -> Written {
    let form = draw.pick(&FORMS);
    let whole_month = draw.chance(0.5);
    let whole_weekday = draw.chance(0.3);
    let name = |name: &str, whole: bool| name[..if whole { name.len() } else { 3 }].to_string();
    let mut written = Written {
        text: String::new(),
        parts: [(0, 0); 3],
        whole_year: form.contains('Y'),
    };
    let mut letters = form.chars().peekable();
    // "of" and "the" are words, not letters that stand for something
    let mut in_word = false;
    while let Some(letter) = letters.next() {
        let lower_word = letter.is_lowercase()
            && letters
                .peek()
                .is_some_and(|next| next.is_lowercase() && *next != letter);
        in_word = lower_word || (in_word && letter.is_lowercase());
        let twice = !in_word && letters.next_if_eq(&letter).is_some();
        let (part, piece) = match letter {
            _ if in_word => (None, letter.to_string()),
            'Y' => (Some(0), day.year.to_string()),
            'y' => (Some(0), format!("{:02}", day.year % 100)),
            'N' => (Some(1), name(MONTHS[day.month as usize - 1], whole_month)),
            'm' if twice => (Some(1), format!("{:02}", day.month)),
            'm' => (Some(1), day.month.to_string()),
            'd' if twice => (Some(2), format!("{:02}", day.day)),
            'd' => (Some(2), day.day.to_string()),
            'D' => (Some(2), ordinal(day.day)),
            'W' => (None, name(WEEKDAYS[day.weekday as usize], whole_weekday)),
            other => (None, other.to_string()),
        };
        let from = written.text.len();
        written.text += &piece;
        if let Some(part) = part {
            written.parts[part] = (from, written.text.len());
        }
    }
    if draw.chance(0.15) {
        written.text = written.text.to_lowercase();
    }
    written
}

/// 1st, 2nd, 3rd, 4th, 11th.
fn ordinal(day: u32) -> String {
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        let all = days();
        assert_eq!(all.len(), 36_525);
        let day = all.iter().find(|day| day.iso() == "2021-03-03").copied();
        assert_eq!(day.map(|day| day.weekday), Some(3));
        assert!(all.iter().any(|day| day.iso() == "2000-02-29"));
        assert!(!all.iter().any(|day| day.iso() == "2001-02-29"));
    }

    #[test]
    fn each_form_says_where_its_parts_stand() {
        let day = days()
            .into_iter()
            .find(|day| day.iso() == "2021-03-03")
            .unwrap();
        let mut draw = Draw::new(0, 9);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2000 {
            let written = write(&mut draw, day);
            let part =
                |at: usize| written.text[written.parts[at].0..written.parts[at].1].to_lowercase();
            assert!(
                ["2021", "21"].contains(&part(0).as_str()),
                "{}",
                written.text
            );
            assert!(
                ["mar", "march", "03", "3"].contains(&part(1).as_str()),
                "{}",
                written.text
            );
            assert!(
                ["3", "03", "3rd"].contains(&part(2).as_str()),
                "{}",
                written.text
            );
            seen.insert(written.text);
        }
        for text in [
            "March 3, 2021",
            "Wed 3 Mar 2021",
            "03/03/21",
            "the 3rd of March 2021",
            "3-Mar-21",
            "2021-03-03",
        ] {
            assert!(seen.contains(text), "{text} in {seen:?}");
        }
    }
}
