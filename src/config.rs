//! The options of the operators.

use ndarray::ArrayViewD;
use serde::Serialize;

/// Which intermediate scores [`crate::compute_attention`] returns beside its output
/// (`qk_matmul_output_mode` 0 to 3 of the ONNX operator).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoresKind {
    /// Dot products times the scale.
    Raw,
    /// After the soft cap.
    Capped,
    /// After the mask: negative infinity where a key is not seen.
    Masked,
    /// After the softmax.
    Weights,
}

/// The options of scaled dot-product attention, computed or traced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttentionConfig {
    /// Query heads; needed where the tensors are packed `[batch, tokens, heads * dim]`, and for a trace.
    pub heads: Option<usize>,
    /// Key and value heads, a divisor of `heads`. Query head `h` reads key head `h / (heads / kv_heads)`.
    /// Default: as many as query heads.
    pub kv_heads: Option<usize>,
    /// Query `i` sees key `j` only if `j <= i + offset`. The offset is the number of past keys, or with key
    /// lengths `length - queries`, otherwise 0.
    pub causal: bool,
    /// Query `i`, at `p = i + offset`, sees key `j` only if `p - left <= j <= p + right`; -1 leaves a side open.
    pub window: Option<[i64; 2]>,
    /// What the dot products are multiplied with. Default: `1 / sqrt(dim)`.
    pub scale: Option<f64>,
    /// `softcap * tanh(scaled / softcap)` keeps scores within plus and minus this. 0 or none: no cap.
    pub softcap: Option<f64>,
    /// The intermediate that is returned beside the output. A trace keeps all of them and ignores this.
    pub scores: Option<ScoresKind>,
    /// `[first, queries]`: the queries given are those from `first` on, of a sequence of `queries`. So that parts of one
    /// sequence can be worked on apart; masks are given for the part. A trace ignores this.
    pub rows: Option<[usize; 2]>,
}

/// How the state of linear attention takes in a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinearRule {
    /// `S += k vᵀ`.
    Linear,
    /// `S = exp(g) S + k vᵀ` (RetNet, GLA).
    Gated,
    /// `S += β k (v − Sᵀ k)ᵀ` (DeltaNet).
    Delta,
    /// `S = exp(g) S`, then `S += β k (v − Sᵀ k)ᵀ` (Gated DeltaNet).
    #[default]
    GatedDelta,
}

impl LinearRule {
    /// Whether the state decays, so that the rule needs `decay`.
    #[must_use]
    pub fn decays(self) -> bool {
        matches!(self, LinearRule::Gated | LinearRule::GatedDelta)
    }

    /// Whether the state predicts the value and takes in the error, so that the rule needs `beta`.
    #[must_use]
    pub fn corrects(self) -> bool {
        matches!(self, LinearRule::Delta | LinearRule::GatedDelta)
    }
}

/// The options of linear attention.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearConfig {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, a divisor of `heads`; default: as many.
    pub kv_heads: Option<usize>,
    /// How the state takes in a token.
    pub rule: LinearRule,
    /// What the read-out is multiplied with. 0 or none: `1 / sqrt(key dim)`.
    pub scale: Option<f64>,
    /// Tokens that are taken in at once, by matrix products instead of steps. None: one step per token.
    /// The numbers are the same within rounding.
    pub chunk: Option<usize>,
}

/// The options of the rotary embedding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RotaryConfig {
    /// Heads; needed where the tensor is packed `[batch, tokens, heads * dim]`.
    pub heads: Option<usize>,
    /// Features of each head that rotate, an even number; the rest pass through. Default: all.
    pub rotary_dim: Option<usize>,
    /// Neighbours `(0, 1), (2, 3), …` rotate together, instead of `c` with `c + rotary_dim / 2`.
    pub interleaved: bool,
    /// The base of the angles where no tables are given. Default: 10,000.
    pub base: Option<f64>,
}

/// How a traced attention knows where its tokens stand.
#[derive(Clone, Debug, Default)]
pub enum Position<'a> {
    /// It does not.
    #[default]
    None,
    /// Sines and cosines are added to the embeddings.
    Sinusoidal,
    /// Rows of a table `[position, width]` are added to the embeddings.
    Learned(ArrayViewD<'a, f32>),
    /// Queries and keys are rotated by an angle that grows with the position.
    Rotary {
        /// The base of the angles. Default: 10,000.
        base: Option<f64>,
        /// Features of each head that rotate. Default: all.
        dim: Option<usize>,
        /// Neighbours rotate together, instead of halves.
        interleaved: bool,
    },
    /// Scores fall with the distance, by a slope per head.
    Alibi {
        /// One slope per head. Default: those of the paper.
        slopes: Option<ArrayViewD<'a, f32>>,
    },
}
