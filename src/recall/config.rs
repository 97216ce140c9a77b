//! Which networks there are, and their sizes.

/// Tokens that a network reads at most: far more than any of them remembers.
pub(super) const MOST_TOKENS: usize = 1024;

/// What is to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecallTask {
    /// `q7 b2 .. q?`: letters with digits; the digit of one of them is asked for.
    Pairs,
    /// `k 3 ! 7 m 5 ?`: the digit after the flag is asked for.
    Flag,
}

/// What remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecallKind {
    /// A plain recurrent network.
    Rnn,
    /// Long short-term memory.
    Lstm,
    /// One layer of attention.
    Attention,
}

impl RecallTask {
    /// Each of them.
    pub const ALL: [Self; 2] = [RecallTask::Pairs, RecallTask::Flag];

    /// As files and requests call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RecallTask::Pairs => "pairs",
            RecallTask::Flag => "flag",
        }
    }
}

impl RecallKind {
    /// Each of them.
    pub const ALL: [Self; 3] = [RecallKind::Rnn, RecallKind::Lstm, RecallKind::Attention];

    /// As files and requests call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RecallKind::Rnn => "rnn",
            RecallKind::Lstm => "lstm",
            RecallKind::Attention => "attention",
        }
    }
}

/// The sizes of the networks of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecallConfig {
    /// Rows of the table of letters, none and the flag included.
    pub letters: usize,
    /// Rows of the table of digits, none and the question included.
    pub digits: usize,
    /// How many answers there are.
    pub answers: usize,
    /// Width and units of the plain recurrent network.
    pub rnn: [usize; 2],
    /// Width and units of the gated one.
    pub lstm: [usize; 2],
    /// Width of the attention.
    pub attention: usize,
    /// Its heads.
    pub heads: usize,
}

impl RecallConfig {
    pub(super) fn width(&self, kind: RecallKind) -> usize {
        match kind {
            RecallKind::Rnn => self.rnn[0],
            RecallKind::Lstm => self.lstm[0],
            RecallKind::Attention => self.attention,
        }
    }

    pub(super) fn units(&self, kind: RecallKind) -> usize {
        match kind {
            RecallKind::Rnn => self.rnn[1],
            RecallKind::Lstm => self.lstm[1],
            RecallKind::Attention => self.attention,
        }
    }
}
