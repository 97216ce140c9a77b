//! What comes in from JavaScript: each field is checked for its type, and named where it has another.

use super::reply;
use crate::config::{AttentionConfig, LinearConfig, LinearRule, ScoresKind};
use crate::error::Operation;
use crate::limits::TENSOR_BYTES;
use crate::trace::Tokens;
use js_sys::{Array, Float32Array, Int32Array, Reflect};
use ndarray::{ArrayD, IxDyn};
use wasm_bindgen::prelude::*;

/// A tensor of JavaScript, with as many numbers as its shape says.
pub(super) struct Floats {
    pub shape: Vec<usize>,
    pub array: Float32Array,
}

/// A request under examination. Absent, `undefined` and `null` are the same.
pub(super) struct Request<'a> {
    pub operation: Operation,
    object: &'a JsValue,
}

/// What a value is, for the reader of an error.
pub(super) fn kind(value: &JsValue) -> String {
    if value.is_null() {
        "null".into()
    } else if Array::is_array(value) {
        "an array".into()
    } else if let Some(number) = value.as_f64() {
        number.to_string()
    } else if value.is_object() {
        // typed arrays are told apart by their constructor
        let name = Reflect::get(value, &"constructor".into())
            .and_then(|made| Reflect::get(&made, &"name".into()));
        name.ok()
            .and_then(|name| name.as_string())
            .unwrap_or_else(|| "object".into())
    } else {
        value.js_typeof().as_string().unwrap_or_default()
    }
}

/// A whole number that is at least zero.
fn whole(value: f64) -> Option<usize> {
    (value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0).then_some(value as usize)
}

/// Items of a list of sizes, a bound that keeps an object with a false length from filling memory.
const MOST_ITEMS: usize = 1 << 20;

/// An array of such numbers, plain or typed.
pub(super) fn sizes(
    operation: Operation,
    name: &str,
    value: &JsValue,
) -> Result<Vec<usize>, JsValue> {
    let numbers = wholes(operation, name, value, 0.0)?;
    Ok(numbers.iter().map(|&number| number as usize).collect())
}

/// The same of at least `least`.
pub(super) fn wholes(
    operation: Operation,
    name: &str,
    value: &JsValue,
    least: f64,
) -> Result<Vec<i64>, JsValue> {
    let refused = |found: &JsValue| {
        reply::error(operation.kind(format!("{name}: an array of whole numbers"), kind(found)))
    };
    if !value.is_object() {
        return Err(refused(value));
    }
    let length = Reflect::get(value, &"length".into())?
        .as_f64()
        .and_then(whole);
    if length.is_none_or(|length| length > MOST_ITEMS) {
        return Err(refused(value));
    }
    let mut numbers = Vec::new();
    for item in Array::from(value).iter() {
        let number = item.as_f64().unwrap_or(f64::NAN);
        let fits = number >= least && number <= f64::from(u32::MAX) && number.fract() == 0.0;
        if !fits {
            return Err(refused(&item));
        }
        numbers.push(number as i64);
    }
    Ok(numbers)
}

impl<'a> Request<'a> {
    pub fn new(operation: &'static str, object: &'a JsValue) -> Result<Self, JsValue> {
        let operation = Operation(operation);
        if !object.is_object() {
            return Err(reply::error(operation.kind("one object", kind(object))));
        }
        Ok(Request { operation, object })
    }

    pub fn refused(&self, name: &str, expected: &str, found: &JsValue) -> JsValue {
        reply::error(
            self.operation
                .kind(format!("{name}: {expected}"), kind(found)),
        )
    }

    pub fn object(&self) -> &JsValue {
        self.object
    }

    pub fn get(&self, name: &str) -> Result<JsValue, JsValue> {
        Reflect::get(self.object, &name.into())
    }

    pub fn field(&self, name: &str) -> Result<Option<JsValue>, JsValue> {
        let value = self.get(name)?;
        Ok(Some(value).filter(|value| !value.is_undefined() && !value.is_null()))
    }

    pub fn inner<'b>(&self, object: &'b JsValue) -> Request<'b> {
        Request {
            operation: self.operation,
            object,
        }
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(None);
        };
        value
            .as_f64()
            .map(Some)
            .ok_or_else(|| self.refused(name, "a number", &value))
    }

    pub fn size(&self, name: &str) -> Result<Option<usize>, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(None);
        };
        let size = value.as_f64().and_then(whole);
        size.map(Some)
            .ok_or_else(|| self.refused(name, "a whole number of at least 0", &value))
    }

    pub fn flag(&self, name: &str) -> Result<bool, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(false);
        };
        value
            .as_bool()
            .ok_or_else(|| self.refused(name, "true or false", &value))
    }

    pub fn text(&self, name: &str) -> Result<Option<String>, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(None);
        };
        value
            .as_string()
            .map(Some)
            .ok_or_else(|| self.refused(name, "a string", &value))
    }

    /// The shape of a tensor and its data, which must be as many numbers as the shape says.
    pub fn shaped(&self, name: &str) -> Result<Option<(Vec<usize>, JsValue)>, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(None);
        };
        if !value.is_object() {
            return Err(self.refused(name, "a tensor { shape, data }", &value));
        }
        let shape = sizes(
            self.operation,
            &format!("{name}.shape"),
            &Reflect::get(&value, &"shape".into())?,
        )?;
        let data = Reflect::get(&value, &"data".into())?;
        let length = Reflect::get(&data, &"length".into())
            .ok()
            .and_then(|length| length.as_f64())
            .and_then(whole);
        let Some(length) = length else {
            return Err(self.refused(&format!("{name}.data"), "an array of numbers", &data));
        };
        let product = shape
            .iter()
            .fold(1, |product: usize, &extent| product.saturating_mul(extent));
        if length > TENSOR_BYTES / size_of::<f32>() {
            let most = format!("{name} of at most {TENSOR_BYTES} bytes");
            return Err(reply::error(
                self.operation.too_large(most, format!("{length} numbers")),
            ));
        }
        if product != length {
            let expected = format!("{name} with as many numbers as its shape {shape:?} says");
            return Err(reply::error(self.operation.shape(expected, length)));
        }
        Ok(Some((shape, data)))
    }

    pub fn array<T>(&self, shape: &[usize], data: Vec<T>) -> Result<ArrayD<T>, JsValue> {
        ArrayD::from_shape_vec(IxDyn(shape), data).map_err(|fault| {
            reply::error(
                self.operation
                    .shape(format!("data for shape {shape:?}"), fault),
            )
        })
    }

    /// A tensor, left where it is.
    pub fn floats(&self, name: &str) -> Result<Option<Floats>, JsValue> {
        let Some((shape, data)) = self.shaped(name)? else {
            return Ok(None);
        };
        match data.dyn_into() {
            Ok(array) => Ok(Some(Floats { shape, array })),
            Err(data) => Err(self.refused(&format!("{name}.data"), "a Float32Array", &data)),
        }
    }

    pub fn tensor(&self, name: &str) -> Result<Option<ArrayD<f32>>, JsValue> {
        self.floats(name)?
            .map(|floats| self.copied(&floats))
            .transpose()
    }

    pub fn copied(&self, floats: &Floats) -> Result<ArrayD<f32>, JsValue> {
        self.array(&floats.shape, floats.array.to_vec())
    }

    pub fn needed(&self, name: &str) -> Result<ArrayD<f32>, JsValue> {
        self.copied(&self.needed_floats(name)?)
    }

    pub fn needed_floats(&self, name: &str) -> Result<Floats, JsValue> {
        self.floats(name)?
            .ok_or_else(|| self.refused(name, "a tensor { shape, data }", &JsValue::UNDEFINED))
    }

    pub fn integers(&self, name: &str) -> Result<Option<ArrayD<i32>>, JsValue> {
        let Some((shape, data)) = self.shaped(name)? else {
            return Ok(None);
        };
        let Some(integers) = data.dyn_ref::<Int32Array>() else {
            return Err(self.refused(&format!("{name}.data"), "an Int32Array", &data));
        };
        self.array(&shape, integers.to_vec()).map(Some)
    }

    pub fn lengths(&self, name: &str) -> Result<Option<Vec<usize>>, JsValue> {
        self.field(name)?
            .map(|value| sizes(self.operation, name, &value))
            .transpose()
    }

    pub fn window(&self) -> Result<Option<[i64; 2]>, JsValue> {
        let Some(value) = self.field("window")? else {
            return Ok(None);
        };
        let refused = || {
            self.refused(
                "window",
                "[left, right], two whole numbers of at least -1",
                &value,
            )
        };
        if !value.is_object() {
            return Err(refused());
        }
        let sides: Vec<Option<f64>> = Array::from(&value)
            .iter()
            .map(|side| side.as_f64())
            .collect();
        match sides[..] {
            [Some(left), Some(right)] if left.fract() == 0.0 && right.fract() == 0.0 => {
                Ok(Some([left as i64, right as i64]))
            }
            _ => Err(refused()),
        }
    }

    pub fn scores(&self) -> Result<Option<ScoresKind>, JsValue> {
        let Some(kind) = self.text("scores")? else {
            return Ok(None);
        };
        match kind.as_str() {
            "raw" => Ok(Some(ScoresKind::Raw)),
            "capped" => Ok(Some(ScoresKind::Capped)),
            "masked" => Ok(Some(ScoresKind::Masked)),
            "weights" => Ok(Some(ScoresKind::Weights)),
            other => Err(reply::error(
                self.operation
                    .option("scores: raw, capped, masked or weights", other),
            )),
        }
    }

    /// The options of the operator.
    pub fn operator_config(&self) -> Result<AttentionConfig, JsValue> {
        Ok(AttentionConfig {
            heads: self.size("qHeads")?,
            scores: self.scores()?,
            ..self.attention_config()?
        })
    }

    /// The options of a trace.
    pub fn trace_options(&self) -> Result<AttentionConfig, JsValue> {
        Ok(AttentionConfig {
            heads: self.size("heads")?,
            ..self.attention_config()?
        })
    }

    /// What computing and tracing have in common; the heads have another name in each.
    fn attention_config(&self) -> Result<AttentionConfig, JsValue> {
        Ok(AttentionConfig {
            kv_heads: self.size("kvHeads")?,
            causal: self.flag("causal")?,
            window: self.window()?,
            scale: self.number("scale")?,
            softcap: self.number("softcap")?,
            ..AttentionConfig::default()
        })
    }

    pub fn linear_config(&self, heads: &str) -> Result<LinearConfig, JsValue> {
        let rule = match self.text("rule")?.as_deref() {
            Some("linear") => LinearRule::Linear,
            Some("gated") => LinearRule::Gated,
            Some("delta") => LinearRule::Delta,
            Some("gated_delta") | None => LinearRule::GatedDelta,
            Some(other) => {
                let expected = "rule: linear, gated, delta or gated_delta";
                return Err(reply::error(self.operation.option(expected, other)));
            }
        };
        let heads = self
            .size(heads)?
            .ok_or_else(|| reply::error(self.operation.option(heads, "none")))?;
        let (kv_heads, scale) = (self.size("kvHeads")?, self.number("scale")?);
        Ok(LinearConfig {
            heads,
            kv_heads,
            rule,
            scale,
            chunk: None,
        })
    }

    pub fn strings(&self, name: &str) -> Result<Vec<String>, JsValue> {
        let Some(value) = self.field(name)? else {
            return Ok(Vec::new());
        };
        let refused =
            |found: &JsValue| self.refused(&format!("tokens.{name}"), "an array of strings", found);
        if !Array::is_array(&value) {
            return Err(refused(&value));
        }
        Array::from(&value)
            .iter()
            .map(|item| item.as_string().ok_or_else(|| refused(&item)))
            .collect()
    }

    pub fn tokens(&self) -> Result<Option<Tokens>, JsValue> {
        let Some(value) = self.field("tokens")? else {
            return Ok(None);
        };
        if !value.is_object() {
            return Err(self.refused("tokens", "{ query, key? }", &value));
        }
        let tokens = self.inner(&value);
        Ok(Some(Tokens {
            query: tokens.strings("query")?,
            key: tokens.strings("key")?,
        }))
    }
}
