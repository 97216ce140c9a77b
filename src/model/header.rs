//! The header of a safetensors file: which tensors stand where.
//!
//! A reader of its own, since the `safetensors` crate takes files with two tensors of one name, and costs a web page 34 KB.
//!
//! # Source
//! The format's description: eight bytes of length, that many of JSON, then the data, without holes and overlaps.

use super::dtype::Dtype;
use super::json::{self, Json, order};
use crate::error::{Error, Operation};

pub(super) const OPERATION: Operation = Operation("load_model");

/// Bytes before the header: its length.
pub const PREFIX: u64 = 8;
/// Bytes of a header. The format allows 100 MB; this is room for 100,000 tensors, more than any model has, and little
/// enough to be parsed at once.
const MOST_BYTES: u64 = 16 << 20;
const METADATA: &str = "__metadata__";

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The kind of its numbers.
    pub dtype: Dtype,
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// Its first byte, counted from the end of the header.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
}

/// How long the header is, of a file of `file` bytes if that is known.
///
/// # Errors
/// `format` for a file that ends before, `too_large` for a header beyond 16 MiB.
pub fn header_length(prefix: &[u8], file: Option<u64>) -> Result<u64, Error> {
    let &[a, b, c, d, e, f, g, h] = prefix else {
        let expected = format!("a safetensors file: {PREFIX} bytes of header length");
        return Err(OPERATION.format(expected, format!("{} bytes", prefix.len())));
    };
    let length = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    if length > MOST_BYTES {
        let expected = format!("a safetensors file with a header of at most {MOST_BYTES} bytes");
        return Err(OPERATION.too_large(expected, format!("{length} bytes")));
    }
    if let Some(file) = file.filter(|&file| length > file.saturating_sub(PREFIX)) {
        return Err(OPERATION.format(
            format!("a safetensors file of at least {PREFIX} + {length} bytes"),
            format!("{file} bytes"),
        ));
    }
    Ok(length)
}

/// The tensors of a file, in the order of their data; `data` is how many bytes follow the header, if that is known.
///
/// # Errors
/// `format`, `type` and `shape`, which name the tensor and the key, for whatever the format forbids.
pub fn read_header(bytes: &[u8], data: Option<u64>) -> Result<Vec<Entry>, Error> {
    let json = json::read(OPERATION, "the header", bytes)?;
    let Json::Object(fields) = &json else {
        return Err(OPERATION.format("the header: an object", json.describe()));
    };
    let mut entries = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        if name == METADATA {
            metadata(value)?;
        } else {
            entries.push(entry(name, value)?);
        }
    }
    let sorted = order(entries.len(), &|a, b| {
        let key = |n: usize| (entries[n].start, entries[n].end);
        key(a).cmp(&key(b))
    });
    let mut at = 0;
    for &n in &sorted {
        let Entry {
            name, start, end, ..
        } = &entries[n];
        if *start != at {
            let what = if *start < at { "an overlap" } else { "a hole" };
            return Err(OPERATION.format(
                format!("tensor {name}: data from byte {at} on"),
                format!("{what}: it begins at {start}"),
            ));
        }
        at = *end;
        if let Some(data) = data.filter(|&data| at > data) {
            let expected = format!("tensor {name}: data up to byte {at}");
            return Err(OPERATION.format(expected, format!("the file's end at {data}")));
        }
    }
    if let Some(data) = data.filter(|&data| at < data) {
        let found = format!("{} bytes more", data - at);
        return Err(OPERATION.format("nothing after the last tensor", found));
    }
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    Ok(sorted.iter().filter_map(|&n| entries[n].take()).collect())
}

fn metadata(value: &Json) -> Result<(), Error> {
    let refused = |value: &Json| {
        let expected = format!("{METADATA}: an object of strings");
        OPERATION.format(expected, value.describe())
    };
    let Json::Object(fields) = value else {
        return Err(refused(value));
    };
    match fields
        .iter()
        .find(|field| !matches!(field.1, Json::Text(_)))
    {
        None => Ok(()),
        Some(field) => Err(refused(&field.1)),
    }
}

fn entry(name: &str, value: &Json) -> Result<Entry, Error> {
    let Json::Object(fields) = value else {
        let expected = format!("tensor {name}: an object of dtype, shape and data_offsets");
        return Err(OPERATION.format(expected, value.describe()));
    };
    let known = ["dtype", "shape", "data_offsets"];
    if let Some((key, _)) = fields
        .iter()
        .find(|field| !known.contains(&field.0.as_str()))
    {
        let expected = format!("tensor {name}: dtype, shape and data_offsets");
        return Err(OPERATION.format(expected, format!("\"{key}\" besides")));
    }
    let [dtype, shape, offsets] = known.map(|key| value.get(key));
    let refused = |key: &str, expected: &str, found: Option<&Json>| {
        let found = found.map_or_else(|| "none".into(), Json::describe);
        OPERATION.format(format!("tensor {name}: {key}, {expected}"), found)
    };
    let dtype = match dtype {
        Some(Json::Text(kind)) => Dtype::named(kind)
            .ok_or_else(|| OPERATION.kind(format!("tensor {name}: a dtype that is known"), kind))?,
        other => return Err(refused("dtype", "a string", other)),
    };
    let wholes = |json: Option<&Json>| match json {
        Some(Json::List(items)) => items.iter().map(Json::whole).collect::<Option<Vec<u64>>>(),
        _ => None,
    };
    let whole = "an array of whole numbers";
    let extents = wholes(shape).ok_or_else(|| refused("shape", whole, shape))?;
    let [start, end] = wholes(offsets).unwrap_or_default()[..] else {
        return Err(refused("data_offsets", "two whole numbers", offsets));
    };
    let bytes = extents
        .iter()
        .try_fold(dtype.bytes(), |bytes, &extent| bytes.checked_mul(extent));
    let too_many = || {
        OPERATION.shape(
            format!("tensor {name}: a shape that can be"),
            format!("{extents:?}"),
        )
    };
    let bytes = bytes.ok_or_else(too_many)?;
    if end.checked_sub(start) != Some(bytes) {
        return Err(OPERATION.shape(
            format!(
                "tensor {name}: {bytes} bytes for {} {extents:?}",
                dtype.name()
            ),
            format!("data_offsets [{start}, {end}]"),
        ));
    }
    let shape: Option<Vec<usize>> = extents
        .iter()
        .map(|&extent| usize::try_from(extent).ok())
        .collect();
    Ok(Entry {
        name: name.to_owned(),
        dtype,
        shape: shape.ok_or_else(too_many)?,
        start,
        end,
    })
}
