//! Edits that come in from JavaScript: in a request, or in the options of a trace.

use super::reply;
use super::request::{Request, wholes};
use crate::trace::Edit;
use js_sys::Array;
use wasm_bindgen::prelude::*;

impl Request<'_> {
    /// The edits, each with its offset, where it has one.
    pub fn edits(&self) -> Result<Vec<(Edit, usize)>, JsValue> {
        let Some(value) = self.field("edits")? else {
            return Ok(Vec::new());
        };
        if !Array::is_array(&value) {
            return Err(self.refused("edits", "an array of { stage, index, value }", &value));
        }
        Array::from(&value)
            .iter()
            .map(|edit| {
                if !edit.is_object() {
                    return Err(self.refused("edits", "{ stage, index, value } each", &edit));
                }
                let edit = self.inner(&edit);
                let (stage, value) = (edit.text("stage")?, edit.number("value")?);
                let (Some(stage), Some(value)) = (stage, value) else {
                    return Err(self.refused(
                        "edits",
                        "a stage and a value each",
                        &JsValue::UNDEFINED,
                    ));
                };
                if value.is_finite() && (value as f32).is_infinite() {
                    let expected = format!("an edit of {stage} that fits into an f32");
                    return Err(reply::error(self.operation.option(expected, value)));
                }
                let index = wholes(self.operation, "edits.index", &edit.get("index")?, -1.0)?;
                let made = Edit {
                    stage: stage.into(),
                    index: index.into_iter().map(|place| place as i64).collect(),
                    value: value as f32,
                };
                Ok((made, edit.size("offset")?.unwrap_or_default()))
            })
            .collect()
    }
}
