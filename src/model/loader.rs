//! From files to a model: headers first, then the bytes of one tensor after the other, in pieces of any size.

use super::Model;
use super::config::Config;
use super::dtype::Dtype;
use super::header::{Entry, OPERATION, PREFIX, header_length, read_header};
use super::json;
use super::layout::Layout;
use crate::error::Error;

/// A tensor that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The name of the tensor.
    pub name: String,
    /// The file, in the order in which their headers came.
    pub file: usize,
    /// Its first byte, counted from the end of the header.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// The kind of its numbers.
    pub dtype: Dtype,
    slot: usize,
    read: u64,
}

/// A model that is being read.
///
/// The configuration comes first, then the header of each file, then [`ModelLoader::plan`] says what to read, and the
/// bytes are handed over in order. So no file is ever in memory as a whole.
pub struct ModelLoader {
    config: Config,
    files: Vec<Vec<Entry>>,
    layout: Option<Layout>,
    pieces: Vec<Piece>,
    data: Vec<Vec<f32>>,
    unused: Vec<String>,
}

impl ModelLoader {
    /// Begins with the bytes of `config.json`.
    ///
    /// # Errors
    /// `format` for what is not JSON; `not_found`, `type`, `size` and `option`, with the field's name, for what is missing,
    /// wrong, or not among the things that this engine does.
    pub fn new(config: &[u8]) -> Result<Self, Error> {
        let json = json::read(OPERATION, "the config", config)?;
        Ok(ModelLoader {
            config: Config::read(&json)?,
            files: Vec::new(),
            layout: None,
            pieces: Vec::new(),
            data: Vec::new(),
            unused: Vec::new(),
        })
    }

    /// Takes the header of the next file; `data` is how many bytes follow it, if that is known.
    ///
    /// # Errors
    /// Those of [`read_header`], and `format` for a tensor that two files have.
    pub fn add_header(&mut self, header: &[u8], data: Option<u64>) -> Result<(), Error> {
        let entries = read_header(header, data)?;
        let both = entries
            .iter()
            .find(|entry| self.entry(&entry.name).is_some());
        if let Some(Entry { name, .. }) = both {
            return Err(OPERATION.format(format!("tensor {name} in one file"), "two that have it"));
        }
        self.files.push(entries);
        Ok(())
    }

    fn entry(&self, name: &str) -> Option<(usize, &Entry)> {
        let of_file = |(file, entries): (usize, &'_ Vec<Entry>)| {
            let place = entries.iter().position(|entry| entry.name == name)?;
            Some((file, place))
        };
        let (file, place) = self.files.iter().enumerate().find_map(of_file)?;
        Some((file, &self.files[file][place]))
    }

    /// What is to be read, file by file in the order of the data.
    ///
    /// # Errors
    /// `not_found` for a tensor that the model needs and no file has, `shape` for one that the configuration wants
    /// otherwise, `type` for numbers that are no floats of at most 32 bits, `too_large` beyond the limits.
    pub fn plan(&mut self) -> Result<&[Piece], Error> {
        let layout = Layout::of(&self.config, &|name| self.entry(name).is_some())?;
        let mut pieces = Vec::with_capacity(layout.slots.len());
        for (slot, wanted) in layout.slots.iter().enumerate() {
            let (file, entry) = self.entry(&wanted.name).ok_or_else(|| {
                OPERATION.not_found(format!("tensor {}", wanted.name), "none of this name")
            })?;
            if entry.shape != wanted.shape {
                return Err(OPERATION.shape(
                    format!(
                        "tensor {} {:?}, as the config says",
                        wanted.name, wanted.shape
                    ),
                    format!("{:?}", entry.shape),
                ));
            }
            if !entry.dtype.is_readable() {
                let expected = format!("tensor {} of F32, F16 or BF16", wanted.name);
                return Err(OPERATION.kind(expected, entry.dtype.name()));
            }
            pieces.push(Piece {
                name: wanted.name.clone(),
                file,
                start: entry.start,
                end: entry.end,
                dtype: entry.dtype,
                slot,
                read: 0,
            });
        }
        let sorted = json::order(pieces.len(), &|a, b| {
            let key = |n: usize| (pieces[n].file, pieces[n].start);
            key(a).cmp(&key(b))
        });
        self.pieces = sorted.iter().map(|&n| pieces[n].clone()).collect();
        let used = |name: &str| layout.slots.iter().any(|slot| slot.name == name);
        let names = self.files.iter().flatten().map(|entry| &entry.name);
        self.unused = names.filter(|name| !used(name)).cloned().collect();
        self.data = layout.slots.iter().map(|_| Vec::new()).collect();
        self.layout = Some(layout);
        Ok(&self.pieces)
    }

    /// Takes the next bytes of piece `n`: whole numbers.
    ///
    /// # Errors
    /// `index` for a piece that is not in the plan, `format` for bytes that are no whole numbers or too many.
    pub fn fill(&mut self, n: usize, bytes: &[u8]) -> Result<(), Error> {
        let pieces = self.pieces.len();
        let (Some(piece), Some(layout)) = (self.pieces.get_mut(n), &self.layout) else {
            return Err(OPERATION.index(format!("a piece below {pieces}"), n));
        };
        let slot = &layout.slots[piece.slot];
        let size = piece.dtype.bytes();
        let left = piece.end - piece.start - piece.read;
        let given = bytes.len() as u64;
        if given > left || !given.is_multiple_of(size) {
            return Err(OPERATION.format(
                format!(
                    "tensor {}: whole numbers of {size} bytes, {left} bytes at most",
                    slot.name
                ),
                format!("{given} bytes"),
            ));
        }
        let data = &mut self.data[piece.slot];
        if data.is_empty() {
            let len = slot.len();
            data.try_reserve_exact(len).map_err(|_| {
                OPERATION.too_large(
                    format!("memory for tensor {}", slot.name),
                    format!("none for {len} numbers"),
                )
            })?;
        }
        if slot.transposed {
            let columns = slot.shape[1];
            let rows = slot.shape[0];
            data.resize(slot.len(), 0.0);
            let mut at = (piece.read / size) as usize;
            piece.dtype.widen(bytes, |number| {
                data[at % columns * rows + at / columns] = number;
                at += 1;
            });
        } else {
            piece.dtype.widen(bytes, |number| data.push(number));
        }
        piece.read += given;
        Ok(())
    }

    /// The model, once everything is read.
    ///
    /// # Errors
    /// `format` for a tensor whose bytes have not all come.
    pub fn finish(self) -> Result<Model, Error> {
        let Some(layout) = self.layout else {
            return Err(OPERATION.option("a plan before the end", "none"));
        };
        if let Some(piece) = self
            .pieces
            .iter()
            .find(|piece| piece.read < piece.end - piece.start)
        {
            return Err(OPERATION.format(
                format!(
                    "tensor {}: {} bytes",
                    layout.slots[piece.slot].name,
                    piece.end - piece.start
                ),
                format!("{} bytes", piece.read),
            ));
        }
        Ok(Model {
            config: self.config,
            layout,
            data: self.data,
            unused: self.unused,
        })
    }
}

impl Model {
    /// A model out of `config.json` and whole files of weights that are in memory already.
    ///
    /// # Errors
    /// Those of [`ModelLoader`] and of [`header_length`].
    pub fn from_safetensors(config: &[u8], files: &[&[u8]]) -> Result<Model, Error> {
        let mut loader = ModelLoader::new(config)?;
        let mut bodies = Vec::with_capacity(files.len());
        for file in files {
            let prefix = &file[..file.len().min(PREFIX as usize)];
            let length = header_length(prefix, Some(file.len() as u64))? as usize;
            // the length was held against the file's
            let (header, body) = file[prefix.len()..].split_at(length);
            loader.add_header(header, Some(body.len() as u64))?;
            bodies.push(body);
        }
        loader.plan()?;
        for n in 0..loader.pieces.len() {
            let Piece {
                file, start, end, ..
            } = loader.pieces[n];
            loader.fill(n, &bodies[file][start as usize..end as usize])?;
        }
        loader.finish()
    }
}
