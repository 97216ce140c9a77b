//! The named tensors of a model: drawn or read, trained, rounded and written.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use candle_core::{Device, Tensor, Var};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::draw::Draw;

/// Where a new tensor gets its numbers.
enum Source {
    Drawn(Draw),
    Read(HashMap<String, Tensor>),
}

/// All tensors of one model under the names that the reference library saves them by.
pub struct Weights {
    named: Vec<Named>,
    source: Source,
}

struct Named {
    name: String,
    var: Var,
    trained: bool,
}

impl Weights {
    /// Weights drawn by a seed.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        Self {
            named: Vec::new(),
            source: Source::Drawn(Draw::new(seed, 1)),
        }
    }

    /// Weights read from a safetensors file.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else than f32 and f16.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let mut tensors = HashMap::new();
        for (name, view) in SafeTensors::deserialize(&bytes)?.tensors() {
            tensors.insert(name, tensor_of(&view)?);
        }
        Ok(Self {
            named: Vec::new(),
            source: Source::Read(tensors),
        })
    }

    /// A tensor from a normal distribution around 0.
    ///
    /// # Errors
    /// A file that is read lacks it or has another shape for it.
    pub fn normal(&mut self, name: &str, shape: &[usize], deviation: f64) -> Result<Tensor> {
        self.add(name, shape, true, |draw| (deviation * draw.normal()) as f32)
    }

    /// A tensor uniform between plus and minus `limit`.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn uniform(&mut self, name: &str, shape: &[usize], limit: f64) -> Result<Tensor> {
        self.add(name, shape, true, |draw| draw.between(-limit, limit) as f32)
    }

    /// A tensor that starts with one value everywhere.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn filled(&mut self, name: &str, shape: &[usize], value: f32) -> Result<Tensor> {
        self.add(name, shape, true, |_| value)
    }

    /// A tensor of zeros that stays as it is.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn zeros(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.add(name, shape, false, |_| 0.0)
    }

    /// A tensor that starts with given values.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn given(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Result<Tensor> {
        let mut rest = values.iter();
        self.add(name, shape, true, |_| rest.next().copied().unwrap_or(0.0))
    }

    fn add(
        &mut self,
        name: &str,
        shape: &[usize],
        trained: bool,
        mut value: impl FnMut(&mut Draw) -> f32,
    ) -> Result<Tensor> {
        let tensor = match &mut self.source {
            Source::Drawn(draw) => {
                let count = shape.iter().product();
                let data: Vec<f32> = (0..count).map(|_| value(draw)).collect();
                Tensor::from_vec(data, shape, &Device::Cpu)?
            }
            Source::Read(tensors) => {
                let tensor = tensors
                    .get(name)
                    .with_context(|| format!("no tensor {name}"))?;
                ensure!(
                    tensor.dims() == shape,
                    "{name}: expected {shape:?}, found {:?}",
                    tensor.dims()
                );
                tensor.clone()
            }
        };
        let var = Var::from_tensor(&tensor)?;
        let shared = var.as_tensor().clone();
        self.named.push(Named {
            name: name.into(),
            var,
            trained,
        });
        Ok(shared)
    }

    /// What training changes.
    pub fn trained(&self) -> impl Iterator<Item = &Var> {
        self.named
            .iter()
            .filter(|named| named.trained)
            .map(|named| &named.var)
    }

    /// How many numbers training changes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.trained().map(|var| var.elem_count()).sum()
    }

    /// Rounds every number to f16, so that what is measured is what is written.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn round_to_half(&self) -> Result<()> {
        for Named { var, .. } in &self.named {
            let data: Vec<f32> = values(var)?
                .iter()
                .map(|&value| f16::from_f32(value).to_f32())
                .collect();
            var.set(&Tensor::from_vec(data, var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// Writes a safetensors file of f16 with the tensors of some models, by name. Returns its size in bytes.
    ///
    /// # Errors
    /// The file cannot be written, or a weight is no number.
    pub fn write(all: &[&Self], path: &Path) -> Result<usize> {
        let mut bytes = BTreeMap::new();
        for Named { name, var, .. } in all.iter().flat_map(|weights| &weights.named) {
            let data = values(var)?;
            ensure!(
                data.iter().all(|value| value.is_finite()),
                "{name}: expected numbers, found NaN or infinity"
            );
            let halves: Vec<u8> = data
                .iter()
                .flat_map(|&value| f16::from_f32(value).to_le_bytes())
                .collect();
            bytes.insert(name.clone(), (var.dims().to_vec(), halves));
        }
        let views: Vec<_> = bytes
            .iter()
            .map(|(name, (shape, halves))| {
                Ok((name, TensorView::new(Dtype::F16, shape.clone(), halves)?))
            })
            .collect::<Result<_>>()?;
        let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
        let file = serialize(views, Some(metadata))?;
        std::fs::write(path, &file).with_context(|| format!("writing {}", path.display()))?;
        Ok(file.len())
    }
}

/// The numbers of a tensor, row-major.
///
/// # Errors
/// Those of the tensor library.
pub fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1::<f32>()?)
}

/// A tensor of a file as f32; ids too.
///
/// # Errors
/// It holds something else than f32, f16 and i64.
pub fn tensor_of(view: &TensorView) -> Result<Tensor> {
    let data: Vec<f32> = match view.dtype() {
        Dtype::F32 => view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
        Dtype::F16 => view
            .data()
            .chunks_exact(2)
            .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect(),
        // ids
        Dtype::I64 => view
            .data()
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            .collect(),
        other => bail!("expected f32, f16 or i64, found {other:?}"),
    };
    Ok(Tensor::from_vec(data, view.shape(), &Device::Cpu)?)
}
