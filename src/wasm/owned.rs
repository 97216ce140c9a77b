//! Inputs that were copied from JavaScript, and are lent to the library.

use super::reply;
#[cfg(feature = "gpu")]
use super::request::Floats;
use super::request::{Request, sizes};
use crate::attention::AttentionInput;
use crate::config::Position;
use crate::mask::Mask;
use crate::positions::BASE;
use crate::trace::{
    Edit, Edited, PositionConfig, Stage, Tokens, TraceConfig, TraceInput, TraceKind,
};
use js_sys::{Array, Float32Array, Uint8Array};
use ndarray::{ArrayD, ArrayViewD};
#[cfg(feature = "gpu")]
use ndarray::{ArrayView, IxDyn, ShapeBuilder};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use wasm_bindgen::prelude::*;

impl Request<'_> {
    /// A boolean mask as bytes, or one to add as floats.
    pub fn mask(&self, name: &str) -> Result<Option<OwnedMask>, JsValue> {
        let Some((shape, data)) = self.shaped(name)? else {
            return Ok(None);
        };
        if let Some(bytes) = data.dyn_ref::<Uint8Array>() {
            let seen = bytes.to_vec().iter().map(|&byte| byte != 0).collect();
            return self
                .array(&shape, seen)
                .map(|seen| Some(OwnedMask::Boolean(seen)));
        }
        match data.dyn_ref::<Float32Array>() {
            Some(floats) => self
                .array(&shape, floats.to_vec())
                .map(|added| Some(OwnedMask::Additive(added))),
            None => Err(self.refused(
                &format!("{name}.data"),
                "a Uint8Array or a Float32Array",
                &data,
            )),
        }
    }

    fn position(&self) -> Result<OwnedPosition, JsValue> {
        let Some(value) = self.field("position")? else {
            return Ok(OwnedPosition::None);
        };
        // a name alone is an object with nothing but its kind
        let options = if value.is_object() {
            value.clone()
        } else {
            js_sys::Object::new().into()
        };
        let options = self.inner(&options);
        let kind = if value.is_object() {
            options.text("kind")?
        } else {
            value.as_string()
        };
        Ok(match kind.as_deref() {
            Some("none") => OwnedPosition::None,
            Some("sinusoidal") => OwnedPosition::Sinusoidal,
            Some("learned") => OwnedPosition::Learned(options.needed("table")?),
            Some("rotary") => OwnedPosition::Rotary {
                base: options.number("base")?,
                dim: options.size("dim")?,
                interleaved: options.flag("interleaved")?,
            },
            Some("alibi") => OwnedPosition::Alibi(options.tensor("slopes")?),
            Some(other) => {
                let expected = "position: none, sinusoidal, learned, rotary or alibi";
                return Err(reply::error(self.operation.option(expected, other)));
            }
            None => {
                return Err(self.refused("position", "a string, or an object with a kind", &value));
            }
        })
    }

    /// The input of the operator.
    pub fn attention_input(&self) -> Result<OwnedAttention, JsValue> {
        self.attention_of(|name| self.needed(name))
    }

    /// The same with queries, keys and values as `tensor` has them.
    pub fn attention_of<T>(
        &self,
        tensor: impl Fn(&str) -> Result<T, JsValue>,
    ) -> Result<OwnedAttention<T>, JsValue> {
        Ok(OwnedAttention {
            q: tensor("q")?,
            k: tensor("k")?,
            v: tensor("v")?,
            past_key: self.tensor("pastKey")?,
            past_value: self.tensor("pastValue")?,
            mask: self.mask("mask")?,
            kv_lengths: self.lengths("kvLengths")?,
        })
    }

    /// The input of both traces.
    pub fn trace_input(&self) -> Result<OwnedTraceInput, JsValue> {
        let seed = self.size("seed")?.unwrap_or(0);
        Ok(OwnedTraceInput {
            tokens: self.tokens()?,
            tensors: TENSORS
                .map(|name| self.tensor(name))
                .into_iter()
                .collect::<Result<_, _>>()?,
            mask: self.mask("mask")?,
            position: self.position()?,
            seed: u32::try_from(seed)
                .map_err(|_| self.refused("seed", "a 32-bit number", &JsValue::from(seed)))?,
            width: self.size("width")?,
            head_dim: self.size("headDim")?,
            edits: self.edits()?.0,
        })
    }

    /// The options of a trace, as far as an explanation reads them. (By hand: a derived reader of it is larger than
    /// all the arithmetic of a trace.)
    pub fn trace_config(&self) -> Result<TraceConfig, JsValue> {
        let value = self.get("config")?;
        if !value.is_object() {
            return Err(self.refused("config", "the options of a trace", &value));
        }
        let config = self.inner(&value);
        let size = |name: &str| config.size(name).map(Option::unwrap_or_default);
        let number = |name: &str| config.number(name).map(Option::unwrap_or_default);
        let (given, offsets) = config.edits()?;
        let mut edits = Vec::new();
        for (edit, offset) in given.into_iter().zip(offsets) {
            edits.push(Edited::of(edit, offset));
        }
        Ok(TraceConfig {
            kind: TraceKind::Attention,
            heads: size("heads")?,
            kv_heads: size("kvHeads")?,
            head_dim: size("headDim")?,
            value_dim: size("valueDim")?,
            width: size("width")?,
            causal: config.flag("causal")?,
            window: config.window()?.unwrap_or([-1, -1]),
            scale: number("scale")?,
            softcap: number("softcap")?,
            position: config.trace_position()?,
            seed: 0,
            seeded: Vec::new(),
            past: size("past")?,
            mask_length: size("maskLength")?,
            edits,
            rule: None,
        })
    }

    /// The table of a trace's stages; by hand for the same reason.
    pub fn stages(&self) -> Result<Vec<Stage>, JsValue> {
        let value = self.get("stages")?;
        if !Array::is_array(&value) {
            return Err(self.refused("stages", "those of a trace", &value));
        }
        let stages = Array::from(&value);
        stages
            .iter()
            .map(|stage| self.inner(&stage).stage())
            .collect()
    }

    fn stage(&self) -> Result<Stage, JsValue> {
        if !self.object().is_object() {
            return Err(self.refused("stages", "those of a trace", self.object()));
        }
        let text = |name: &str| self.text(name).map(Option::unwrap_or_default);
        let axes = self.strings("axes")?;
        Ok(Stage {
            id: text("id")?.into(),
            axes: axes
                .iter()
                .map(|axis| self.named("axes", axis))
                .collect::<Result<_, _>>()?,
            shape: sizes(self.operation, "shape", &self.get("shape")?)?,
            offset: self.size("offset")?.unwrap_or_default(),
            from: self.strings("from")?.into_iter().map(Into::into).collect(),
            op: self.named("op", &text("op")?)?,
            formula: text("formula")?.into(),
        })
    }

    /// A value that is known by its name.
    fn named<T: DeserializeOwned>(&self, field: &str, name: &str) -> Result<T, JsValue> {
        let name: StrDeserializer<ValueError> = name.into_deserializer();
        T::deserialize(name).map_err(|fault| {
            reply::error(self.operation.kind(format!("{field} of a stage"), fault))
        })
    }

    fn trace_position(&self) -> Result<PositionConfig, JsValue> {
        let value = self.get("position")?;
        let position = self.inner(&value);
        let kind = if value.is_object() {
            position.text("kind")?
        } else {
            None
        };
        Ok(match kind.as_deref() {
            Some("sinusoidal") => PositionConfig::Sinusoidal,
            Some("learned") => PositionConfig::Learned,
            Some("rotary") => PositionConfig::Rotary {
                base: position.number("base")?.unwrap_or(BASE),
                dim: position.size("dim")?.unwrap_or_default(),
                interleaved: position.flag("interleaved")?,
            },
            Some("alibi") => {
                let slopes = Array::from(&position.get("slopes")?);
                let slope = |slope: JsValue| slope.as_f64().unwrap_or(f64::NAN) as f32;
                PositionConfig::Alibi {
                    slopes: slopes.iter().map(slope).collect(),
                }
            }
            _ => PositionConfig::None,
        })
    }
}

/// A mask that was copied from JavaScript.
pub(super) enum OwnedMask {
    Boolean(ArrayD<bool>),
    Additive(ArrayD<f32>),
}

impl OwnedMask {
    pub fn view(&self) -> Mask<'_> {
        match self {
            OwnedMask::Boolean(seen) => Mask::Boolean(seen.view()),
            OwnedMask::Additive(added) => Mask::Additive(added.view()),
        }
    }
}

/// The input of the operator, copied from JavaScript, where queries, keys and values are not left there.
pub(super) struct OwnedAttention<T = ArrayD<f32>> {
    pub q: T,
    pub k: T,
    pub v: T,
    past_key: Option<ArrayD<f32>>,
    past_value: Option<ArrayD<f32>>,
    mask: Option<OwnedMask>,
    kv_lengths: Option<Vec<usize>>,
}

impl OwnedAttention {
    pub fn view(&self) -> AttentionInput<'_> {
        self.with([&self.q, &self.k, &self.v].map(|tensor| tensor.view()))
    }
}

impl<T> OwnedAttention<T> {
    fn with<'a>(&'a self, [q, k, v]: [ArrayViewD<'a, f32>; 3]) -> AttentionInput<'a> {
        AttentionInput {
            mask: self.mask.as_ref().map(OwnedMask::view),
            past_key: self.past_key.as_ref().map(|past| past.view()),
            past_value: self.past_value.as_ref().map(|past| past.view()),
            kv_lengths: self.kv_lengths.as_deref(),
            ..AttentionInput::new(q, k, v)
        }
    }
}

#[cfg(feature = "gpu")]
impl OwnedAttention<Floats> {
    /// Where queries, keys and values can stay, since nothing is to be put before them or between them: the input for who needs no
    /// more of them than their shapes. Every number of them is a zero.
    pub fn shapes(&self) -> Option<AttentionInput<'_>> {
        let unpacked = |tensor: &Floats| tensor.shape.len() == 4;
        let past = self.past_key.is_some() || self.past_value.is_some();
        if past || ![&self.q, &self.k, &self.v].into_iter().all(unpacked) {
            return None;
        }
        let zeros = |Floats { shape, .. }: &Floats| {
            let nowhere = IxDyn(&vec![0; shape.len()]);
            ArrayView::from_shape(IxDyn(shape).strides(nowhere), &[0.0]).ok()
        };
        let [q, k, v] = [&self.q, &self.k, &self.v].map(zeros);
        Some(self.with([q?, k?, v?]))
    }

    /// All of it copied.
    pub fn copied(self, request: &Request<'_>) -> Result<OwnedAttention, JsValue> {
        Ok(OwnedAttention {
            q: request.copied(&self.q)?,
            k: request.copied(&self.k)?,
            v: request.copied(&self.v)?,
            past_key: self.past_key,
            past_value: self.past_value,
            mask: self.mask,
            kv_lengths: self.kv_lengths,
        })
    }
}

/// Positions that were copied from JavaScript.
enum OwnedPosition {
    None,
    Sinusoidal,
    Learned(ArrayD<f32>),
    Rotary {
        base: Option<f64>,
        dim: Option<usize>,
        interleaved: bool,
    },
    Alibi(Option<ArrayD<f32>>),
}

/// The tensors of a trace, in the order in which `OwnedTraceInput::view` takes them.
const TENSORS: [&str; 15] = [
    "x",
    "memory",
    "wq",
    "wk",
    "wv",
    "wo",
    "bq",
    "bk",
    "bv",
    "bo",
    "q",
    "k",
    "v",
    "pastKey",
    "pastValue",
];

/// The input of a trace, copied from JavaScript.
pub(super) struct OwnedTraceInput {
    tokens: Option<Tokens>,
    tensors: Vec<Option<ArrayD<f32>>>,
    mask: Option<OwnedMask>,
    position: OwnedPosition,
    seed: u32,
    width: Option<usize>,
    head_dim: Option<usize>,
    edits: Vec<Edit>,
}

impl OwnedTraceInput {
    pub fn view(&self) -> TraceInput<'_> {
        let tensor = |name: &str| {
            let place = TENSORS.iter().position(|known| *known == name)?;
            self.tensors
                .get(place)?
                .as_ref()
                .map(|tensor| tensor.view())
        };
        TraceInput {
            tokens: self.tokens.clone(),
            x: tensor("x"),
            memory: tensor("memory"),
            wq: tensor("wq"),
            wk: tensor("wk"),
            wv: tensor("wv"),
            wo: tensor("wo"),
            bq: tensor("bq"),
            bk: tensor("bk"),
            bv: tensor("bv"),
            bo: tensor("bo"),
            q: tensor("q"),
            k: tensor("k"),
            v: tensor("v"),
            mask: self.mask.as_ref().map(OwnedMask::view),
            past_key: tensor("pastKey"),
            past_value: tensor("pastValue"),
            position: match &self.position {
                OwnedPosition::None => Position::None,
                OwnedPosition::Sinusoidal => Position::Sinusoidal,
                OwnedPosition::Learned(table) => Position::Learned(table.view()),
                &OwnedPosition::Rotary {
                    base,
                    dim,
                    interleaved,
                } => Position::Rotary {
                    base,
                    dim,
                    interleaved,
                },
                OwnedPosition::Alibi(slopes) => Position::Alibi {
                    slopes: slopes.as_ref().map(|slopes| slopes.view()),
                },
            },
            seed: self.seed,
            width: self.width,
            head_dim: self.head_dim,
            edits: self.edits.clone(),
        }
    }
}
