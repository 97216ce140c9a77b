//! Edits that come in from JavaScript: in a request, or in the options of a trace.

use super::reply;
use super::request::{Request, wholes};
use crate::trace::Edit;
use js_sys::Array;
use wasm_bindgen::prelude::*;

impl Request<'_> {
    /// The edits, and the offset of each, where it has one.
    pub fn edits(&self) -> Result<(Vec<Edit>, Vec<usize>), JsValue> {
        let (mut edits, mut offsets) = (Vec::new(), Vec::new());
        let Some(value) = self.field("edits")? else {
            return Ok((edits, offsets));
        };
        if !Array::is_array(&value) {
            return Err(self.refused("edits", "an array of { stage, index, value }", &value));
        }
        for edit in Array::from(&value).iter() {
            if !edit.is_object() {
                return Err(self.refused("edits", "{ stage, index, value } each", &edit));
            }
            let edit = self.inner(&edit);
            let (stage, value) = (edit.text("stage")?, edit.number("value")?);
            let (Some(stage), Some(value)) = (stage, value) else {
                let expected = "a stage and a value each";
                return Err(self.refused("edits", expected, &JsValue::UNDEFINED));
            };
            if value.is_finite() && (value as f32).is_infinite() {
                let expected = format!("an edit of {stage} that fits into an f32");
                return Err(reply::error(self.operation.option(expected, value)));
            }
            edits.push(Edit {
                stage: stage.into(),
                index: wholes(self.operation, "edits.index", &edit.get("index")?, -1.0)?,
                value: value as f32,
            });
            offsets.push(edit.size("offset")?.unwrap_or_default());
        }
        Ok((edits, offsets))
    }
}
