//! Replies: JSON, in which a tensor is a shape and a place among the floats.

use crate::error::Error;
use crate::model::trace::LayerInput;
use crate::model::{Attentions, ModelInfo, Piece};
use crate::tensor::row_major;
use ndarray::ArrayD;

pub(super) struct Reply {
    pub text: String,
    pub floats: Vec<f32>,
}

impl Reply {
    pub const fn new() -> Self {
        Reply {
            text: String::new(),
            floats: Vec::new(),
        }
    }

    /// Begins an object; the memory of a large reply is given back.
    pub fn clear(&mut self) {
        self.text.clear();
        self.text.push('{');
        self.floats = Vec::new();
    }

    pub fn end(&mut self) {
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.text.push('}');
    }

    pub fn refuse(&mut self, error: &Error) {
        let report = error.report();
        self.clear();
        self.string("code", error.code());
        self.string("operation", report.operation);
        self.string("expected", &report.expected);
        self.string("found", &report.found);
        self.end();
    }

    fn key(&mut self, name: &str) {
        self.quoted(name);
        self.text.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for letter in text.chars() {
            match letter {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(letter);
                }
                '\0'..' ' => {
                    let digit = |n| char::from_digit(n, 16).unwrap_or('0');
                    self.text.push_str("\\u00");
                    self.text.push(digit(letter as u32 >> 4));
                    self.text.push(digit(letter as u32 & 15));
                }
                _ => self.text.push(letter),
            }
        }
        self.text.push('"');
    }

    pub fn string(&mut self, name: &str, text: &str) {
        self.key(name);
        self.quoted(text);
        self.text.push(',');
    }

    /// In quotes where JavaScript's numbers would not hold it.
    pub fn number(&mut self, name: &str, number: u64) {
        if number >> 53 == 0 {
            self.key(name);
            self.text.push_str(&number.to_string());
            self.text.push(',');
        } else {
            self.string(name, &number.to_string());
        }
    }

    pub fn numbers(&mut self, name: &str, numbers: impl Iterator<Item = u64>) {
        self.list(name, numbers, |reply, number| {
            reply.text.push_str(&number.to_string())
        });
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.key(name);
        self.text.push('[');
        for item in items {
            write(self, item);
            self.text.push(',');
        }
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.text.push_str("],");
    }

    fn sizes(&mut self, name: &str, sizes: Option<&[usize]>) {
        if let Some(sizes) = sizes {
            self.numbers(name, sizes.iter().map(|&size| size as u64));
        }
    }

    pub fn slice(&mut self, name: &str, shape: &[usize], data: &[f32]) {
        self.key(name);
        self.text.push('{');
        self.sizes("shape", Some(shape));
        self.number("at", self.floats.len() as u64);
        self.end();
        self.text.push(',');
        self.floats.extend_from_slice(data);
    }

    pub fn tensor(&mut self, name: &str, tensor: Option<&ArrayD<f32>>) {
        if let Some(tensor) = tensor {
            self.slice(name, tensor.shape(), &row_major(&tensor.view()));
        }
    }

    pub fn attentions(&mut self, attentions: &Attentions) {
        self.key("attentions");
        self.text.push('{');
        self.tensor("encoder", attentions.encoder.as_ref());
        self.tensor("decoder", attentions.decoder.as_ref());
        self.tensor("cross", attentions.cross.as_ref());
        self.end();
        self.text.push(',');
    }

    /// What a trace is made from.
    pub fn layer(&mut self, layer: &LayerInput) -> Result<(), Error> {
        self.number("heads", layer.heads() as u64);
        self.number("causal", u64::from(layer.causal));
        self.number("scale", layer.scale().to_bits());
        for (name, tensor) in layer.view()?.tensors() {
            if let Some(tensor) = tensor {
                self.slice(name, tensor.shape(), &row_major(tensor));
            }
        }
        Ok(())
    }

    /// `[file, start, end]` and the name of each tensor that is to be read.
    pub fn plan(&mut self, pieces: &[Piece]) {
        self.list("pieces", pieces.iter(), |reply, piece| {
            reply.text.push('{');
            reply.string("name", &piece.name);
            reply.number("file", piece.file as u64);
            reply.number("start", piece.start);
            reply.number("end", piece.end);
            reply.end();
        });
    }

    pub fn info(&mut self, info: &ModelInfo) {
        let ModelInfo {
            family,
            width,
            encoder,
            decoder,
            vocabulary,
            positions,
            parameters,
            head,
            labels,
            image,
            grid,
            start,
            ends,
            unused,
        } = info;
        self.string("family", family);
        for (name, size) in [
            ("width", *width),
            ("vocabulary", *vocabulary),
            ("positions", *positions),
            ("parameters", *parameters),
            ("head", usize::from(*head)),
        ] {
            self.number(name, size as u64);
        }
        self.sizes("encoder", encoder.as_ref().map(|sizes| &sizes[..]));
        self.sizes("decoder", decoder.as_ref().map(|sizes| &sizes[..]));
        self.sizes("image", image.as_ref().map(|sizes| &sizes[..]));
        self.sizes("grid", grid.as_ref().map(|sizes| &sizes[..]));
        if let Some(start) = start {
            self.number("start", u64::from(*start));
        }
        self.numbers("ends", ends.iter().map(|&end| u64::from(end)));
        self.list("labels", labels.iter(), |reply, label| reply.quoted(label));
        self.list("unused", unused.iter(), |reply, name| reply.quoted(name));
    }
}
