//! The words of the sentences in which "it" has one of two nouns to stand for.

/// A word list under the name of its kind.
pub type Kind = (&'static str, &'static [&'static str]);

pub const BEINGS: Kind = (
    "being",
    &[
        "animal", "dog", "cat", "horse", "cow", "sheep", "goat", "fox", "bear", "rabbit", "monkey",
        "elephant", "mouse", "lion", "donkey", "chicken", "bird", "child",
    ],
);
pub const PLACES: Kind = (
    "place",
    &[
        "street", "road", "river", "bridge", "field", "park", "lake", "forest", "garden", "valley",
        "path", "square", "tunnel", "market",
    ],
);
pub const THINGS: Kind = (
    "thing",
    &[
        "trophy", "ball", "book", "statue", "lamp", "chair", "painting", "violin", "vase", "toy",
    ],
);
pub const BOXES: Kind = (
    "box",
    &[
        "suitcase", "box", "bag", "drawer", "cupboard", "backpack", "basket", "crate", "chest",
        "trunk",
    ],
);
pub const FOODS: Kind = (
    "food",
    &[
        "apple", "bread", "soup", "cheese", "cake", "carrot", "fish", "banana",
    ],
);

pub const OF_BEINGS: Kind = (
    "state",
    &[
        "tired", "hungry", "sick", "sleepy", "scared", "weak", "lazy", "thirsty", "shy", "injured",
        "nervous", "full",
    ],
);
pub const OF_PLACES: Kind = (
    "way",
    &[
        "wide", "narrow", "long", "busy", "crowded", "dark", "steep", "icy", "muddy", "noisy",
        "flooded", "slippery",
    ],
);
pub const OF_FOODS: Kind = (
    "taste",
    &[
        "sour", "rotten", "salty", "stale", "bitter", "spicy", "hot", "burnt",
    ],
);
pub const BIG: Kind = (
    "size",
    &["big", "large", "tall", "bulky", "wide", "long", "thick"],
);
pub const SMALL: Kind = (
    "size",
    &["small", "tiny", "narrow", "short", "little", "thin"],
);

pub const CROSS: Kind = (
    "going",
    &["cross", "enter", "reach", "visit", "leave", "explore"],
);
pub const EAT: Kind = (
    "eating",
    &["eat", "taste", "touch", "finish", "want", "like"],
);
pub const PLEASE: Kind = ("pleasing", &["please", "attract", "tempt"]);
pub const AVOIDED: Kind = ("done", &["avoided", "ignored", "refused"]);
pub const HOLD: Kind = ("holding", &["hold", "take", "contain"]);
pub const FIT: Kind = ("fitting", &["fit"]);
pub const FITS: Kind = ("fitting", &["fits"]);

pub const NOT: Kind = (
    "negation",
    &[
        "didn't", "couldn't", "wouldn't", "doesn't", "can't", "won't",
    ],
);
pub const WITHIN: Kind = ("preposition", &["in", "into", "inside"]);
pub const THE: Kind = ("determiner", &["the", "this", "that"]);
pub const BECAUSE: Kind = ("conjunction", &["because", "since", "as"]);
pub const WAS: Kind = ("verb", &["was", "is"]);
pub const TOO: Kind = ("degree", &["too", "very", "so", "really"]);

/// Words that have no other to be swapped for.
pub const ALONE: &[&str] = &["it", "by", ",", ".", "so"];

/// All kinds, in the order of their ids.
pub const ALL: &[Kind] = &[
    BEINGS, PLACES, THINGS, BOXES, FOODS, OF_BEINGS, OF_PLACES, OF_FOODS, BIG, SMALL, CROSS, EAT,
    PLEASE, AVOIDED, HOLD, FIT, FITS, NOT, WITHIN, THE, BECAUSE, WAS, TOO,
];
