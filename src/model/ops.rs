//! What happens to each token by itself, between the products: layer norm and activations.

/// The function between the two products of an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// `x · Φ(x)`, by the error function.
    Gelu,
    /// The same, by a hyperbolic tangent.
    GeluTanh,
    Relu,
    /// `x · sigmoid(x)`.
    Silu,
    /// After a pooler.
    Tanh,
}

impl Activation {
    /// What a configuration may say.
    pub const NAMES: &'static str = "gelu, gelu_new, gelu_pytorch_tanh, relu, silu or tanh";

    /// The activation that configurations call so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Some(Activation::GeluTanh),
            "relu" => Some(Activation::Relu),
            "silu" | "swish" => Some(Activation::Silu),
            "tanh" => Some(Activation::Tanh),
            _ => None,
        }
    }

    /// # Source
    /// Hendrycks and Gimpel 2016, "Gaussian Error Linear Units (GELUs)", section 2.
    fn of(self, x: f64) -> f64 {
        /// `sqrt(2 / π)`
        const FACTOR: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
        match self {
            Activation::Gelu => 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Activation::GeluTanh => {
                0.5 * x * (1.0 + libm::tanh(FACTOR * (x + 0.044_715 * x * x * x)))
            }
            Activation::Relu => x.max(0.0),
            Activation::Silu => x / (1.0 + libm::exp(-x)),
            Activation::Tanh => libm::tanh(x),
        }
    }

    /// Applies it to every number.
    pub fn apply(self, numbers: &mut [f32]) {
        for number in numbers {
            *number = self.of(f64::from(*number)) as f32;
        }
    }
}

/// `x[t,w] = (x[t,w] − mean[t]) / sqrt(variance[t] + epsilon) · weight[w] + bias[w]`, the sums in f64.
///
/// # Shapes
/// x `[token, width]`, weight and bias `[width]`
///
/// # Source
/// Ba, Kiros and Hinton 2016, "Layer Normalization", equation 3.
pub(crate) fn layer_norm(x: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f64) {
    let width = weight.len();
    for row in x.chunks_exact_mut(width) {
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width as f64;
        let square = |&x: &f32| (f64::from(x) - mean) * (f64::from(x) - mean);
        let variance = row.iter().map(square).sum::<f64>() / width as f64;
        let factor = 1.0 / (variance + epsilon).sqrt();
        for ((x, &weight), &bias) in row.iter_mut().zip(weight).zip(bias) {
            *x = ((f64::from(*x) - mean) * factor * f64::from(weight) + f64::from(bias)) as f32;
        }
    }
}

/// `a += b`.
pub(crate) fn add(a: &mut [f32], b: &[f32]) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the error function from a table (Abramowitz and Stegun, table 7.1).
    #[test]
    fn the_error_function() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.112_462_916_0),
            (0.5, 0.520_499_877_8),
            (1.0, 0.842_700_792_9),
            (1.5, 0.966_105_146_5),
            (2.0, 0.995_322_265_0),
        ] {
            assert!((libm::erf(x) - expected).abs() < 1e-10, "erf({x})");
            assert!((libm::erf(-x) + expected).abs() < 1e-10, "erf(-{x})");
        }
    }

    #[test]
    fn activations() {
        // by the formulas, with 30 digits, from another program
        for (name, x, expected) in [
            ("gelu", 1.0, 0.841_344_746_068_542_9),
            ("gelu", -3.0, -0.004_049_694_094_890_31),
            ("gelu_new", 1.0, 0.841_191_990_607_477_3),
            ("gelu_new", -3.0, -0.003_637_392_081_772_994),
            ("relu", -2.0, 0.0),
            ("relu", 2.0, 2.0),
            ("silu", 1.0, 0.731_058_578_630_004_9),
            ("tanh", 0.5, 0.462_117_157_260_009_8),
        ] {
            let found = Activation::named(name).expect(name).of(x);
            assert!((found - expected).abs() < 1e-7, "{name}({x}) = {found}");
        }
        assert!(Activation::named("glue").is_none());
    }

    #[test]
    fn a_normed_row_has_mean_bias_and_deviation_weight() {
        let mut x = [1.0, 2.0, 3.0, 6.0];
        layer_norm(&mut x, &[2.0; 4], &[0.5; 4], 0.0);
        let mean = x.iter().sum::<f32>() / 4.0;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / 4.0;
        assert!(
            (mean - 0.5).abs() < 1e-6 && (variance - 4.0).abs() < 1e-5,
            "{mean} {variance}"
        );
        // a row of equal numbers has no deviation: epsilon keeps it from dividing by zero
        let mut flat = [7.0; 4];
        layer_norm(&mut flat, &[2.0; 4], &[0.5; 4], 1e-12);
        assert_eq!(flat, [0.5; 4]);
    }
}
