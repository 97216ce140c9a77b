//! One step of a long short-term memory, with its derivative, as one operation.

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, bail};

/// The next output and memory side by side: `c' = f c + i g`, `h' = o tanh(c')`, with `i`, `f` and `o` the sigmoids and `g` the
/// hyperbolic tangent of the four parts of the gates, in the order i f g o.
///
/// # Shapes
/// gates [row, 4 unit], memory [row, unit] -> [row, 2 unit]
///
/// # Errors
/// Those of the tensor library.
///
/// # Source
/// Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
pub fn step(gates: &Tensor, memory: &Tensor) -> Result<Tensor> {
    gates.contiguous()?.apply_op2(&memory.contiguous()?, Step)
}

struct Step;

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// i, f, g, o of one unit.
fn open(gates: &[f32], units: usize, unit: usize) -> [f32; 4] {
    [
        sigmoid(gates[unit]),
        sigmoid(gates[units + unit]),
        gates[2 * units + unit].tanh(),
        sigmoid(gates[3 * units + unit]),
    ]
}

impl CustomOp2 for Step {
    fn name(&self) -> &'static str {
        "lstm-step"
    }

    fn cpu_fwd(
        &self,
        gates: &CpuStorage,
        wide: &Layout,
        memory: &CpuStorage,
        narrow: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (Some((from, to)), Some((first, last))) =
            (wide.contiguous_offsets(), narrow.contiguous_offsets())
        else {
            bail!("expected rows that lie one after the other");
        };
        let (rows, units) = narrow.shape().dims2()?;
        let (gates, memory) = (
            &gates.as_slice::<f32>()?[from..to],
            &memory.as_slice::<f32>()?[first..last],
        );
        let mut out = vec![0.0; rows * 2 * units];
        for ((gates, memory), out) in gates
            .chunks_exact(4 * units)
            .zip(memory.chunks_exact(units))
            .zip(out.chunks_exact_mut(2 * units))
        {
            for unit in 0..units {
                let [i, f, g, o] = open(gates, units, unit);
                let next = f * memory[unit] + i * g;
                out[unit] = o * next.tanh();
                out[units + unit] = next;
            }
        }
        Ok((CpuStorage::F32(out), Shape::from((rows, 2 * units))))
    }

    fn bwd(
        &self,
        gates: &Tensor,
        memory: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (rows, units) = memory.dims2()?;
        let flat = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        let (all_gates, all_memory, all_result, all_gradient) =
            (flat(gates)?, flat(memory)?, flat(result)?, flat(gradient)?);
        let (mut to_gates, mut to_memory) = (vec![0.0; rows * 4 * units], vec![0.0; rows * units]);
        for row in 0..rows {
            let gates = &all_gates[row * 4 * units..][..4 * units];
            let (memory, out) = (&all_memory[row * units..], &mut to_memory[row * units..]);
            let (result, gradient) = (
                &all_result[row * 2 * units..],
                &all_gradient[row * 2 * units..],
            );
            let to_gates = &mut to_gates[row * 4 * units..][..4 * units];
            for unit in 0..units {
                let [i, f, g, o] = open(gates, units, unit);
                let tanh = result[units + unit].tanh();
                let dc = gradient[units + unit] + gradient[unit] * o * (1.0 - tanh * tanh);
                to_gates[unit] = dc * g * i * (1.0 - i);
                to_gates[units + unit] = dc * memory[unit] * f * (1.0 - f);
                to_gates[2 * units + unit] = dc * i * (1.0 - g * g);
                to_gates[3 * units + unit] = gradient[unit] * tanh * o * (1.0 - o);
                out[unit] = dc * f;
            }
        }
        let to_gates = Tensor::from_vec(to_gates, (rows, 4 * units), &Device::Cpu)?;
        Ok((
            Some(to_gates),
            Some(Tensor::from_vec(to_memory, (rows, units), &Device::Cpu)?),
        ))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Result, Tensor, Var};

    use super::step;

    /// The same out of the library's own operations.
    fn plain(gates: &Tensor, memory: &Tensor) -> Result<Tensor> {
        let units = memory.dim(1)?;
        let part = |at: usize| gates.narrow(1, at * units, units);
        let sigmoid = |x: Tensor| (x.neg()?.exp()? + 1.0)?.recip();
        let next = ((sigmoid(part(1)?)? * memory)? + (sigmoid(part(0)?)? * part(2)?.tanh()?)?)?;
        Tensor::cat(&[(sigmoid(part(3)?)? * next.tanh()?)?, next], 1)
    }

    #[test]
    fn the_step_and_its_derivative_are_those_of_its_parts() -> Result<()> {
        let gates =
            Var::from_tensor(&Tensor::arange(-6.0_f32, 6.0, &Device::Cpu)?.reshape((1, 12))?)?;
        let memory = Var::new(&[[0.3_f32, -0.7, 1.1]], &Device::Cpu)?;
        let weights = Tensor::new(&[[1.0_f32, -2.0, 0.5, 0.7, 3.0, -1.0]], &Device::Cpu)?;
        let ours = (step(&gates, &memory)? * &weights)?.sum_all()?;
        let theirs = (plain(&gates, &memory)? * &weights)?.sum_all()?;
        assert!((ours.to_scalar::<f32>()? - theirs.to_scalar::<f32>()?).abs() < 1e-5);
        let (ours, theirs) = (ours.backward()?, theirs.backward()?);
        for var in [&gates, &memory] {
            let (Some(ours), Some(theirs)) = (ours.get(var), theirs.get(var)) else {
                panic!("no gradient")
            };
            let apart = (ours - theirs)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(apart < 1e-5, "{ours} against {theirs}");
        }
        Ok(())
    }
}
