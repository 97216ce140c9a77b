//! The one error of the engine.

use std::fmt::Display;

/// What went wrong: in which operation, what it expected and what it found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The public function that refused.
    pub operation: &'static str,
    /// What it would have taken.
    pub expected: String,
    /// What it was given.
    pub found: String,
}

impl Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.operation, self.expected, self.found
        )
    }
}

/// Every way in which the engine refuses a request. The text of [`Error::code`] never changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Shapes that do not fit each other.
    #[error("{0}")]
    Shape(Report),
    /// A size of zero where it makes no sense, or sizes that do not divide.
    #[error("{0}")]
    Size(Report),
    /// An option with a value that it cannot have, or options that exclude each other.
    #[error("{0}")]
    Option(Report),
    /// More tokens than a trace holds.
    #[error("{0}")]
    TooManyTokens(Report),
    /// More memory than the engine takes for one job.
    #[error("{0}")]
    TooLarge(Report),
    /// A stage that the trace does not have, or a tensor or field that a model needs.
    #[error("{0}")]
    NotFound(Report),
    /// An index outside its stage or table.
    #[error("{0}")]
    Index(Report),
    /// A field of the wrong type: in a request from JavaScript, or in a file.
    #[error("{0}")]
    Type(Report),
    /// A file that is not what it should be.
    #[error("{0}")]
    Format(Report),
    /// A trace that contradicts itself: altered since it was made, or a fault of the engine.
    #[error("{0}")]
    Internal(Report),
    /// Something that the GPU could not do, or should not: the CPU can.
    #[cfg(feature = "gpu")]
    #[error("{1}")]
    Gpu(GpuFault, Report),
}

/// Why a job is for the CPU.
#[cfg(feature = "gpu")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpuFault {
    /// There is no GPU, or none that may be used.
    NoAdapter,
    /// The GPU gave no device.
    NoDevice,
    /// The device is gone.
    DeviceLost,
    /// It has no memory for the job.
    Memory,
    /// It refused what it was told to do.
    Validation,
    /// Numbers that are not finite, or sizes beyond what the device takes.
    Unsuited,
}

#[cfg(feature = "gpu")]
impl GpuFault {
    fn code(self) -> &'static str {
        match self {
            GpuFault::NoAdapter => "no_adapter",
            GpuFault::NoDevice => "no_device",
            GpuFault::DeviceLost => "device_lost",
            GpuFault::Memory => "gpu_memory",
            GpuFault::Validation => "gpu_validation",
            GpuFault::Unsuited => "unsuited",
        }
    }
}

impl Error {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Shape(_) => "shape",
            Error::Size(_) => "size",
            Error::Option(_) => "option",
            Error::TooManyTokens(_) => "too_many_tokens",
            Error::TooLarge(_) => "too_large",
            Error::NotFound(_) => "not_found",
            Error::Index(_) => "index",
            Error::Type(_) => "type",
            Error::Format(_) => "format",
            Error::Internal(_) => "internal",
            #[cfg(feature = "gpu")]
            Error::Gpu(fault, _) => fault.code(),
        }
    }

    /// Operation, expected and found.
    #[must_use]
    pub fn report(&self) -> &Report {
        match self {
            Error::Shape(report)
            | Error::Size(report)
            | Error::Option(report)
            | Error::TooManyTokens(report)
            | Error::TooLarge(report)
            | Error::NotFound(report)
            | Error::Index(report)
            | Error::Type(report)
            | Error::Format(report)
            | Error::Internal(report) => report,
            #[cfg(feature = "gpu")]
            Error::Gpu(_, report) => report,
        }
    }
}

/// The operation that speaks in an error: made once per public call, then handed down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation(pub &'static str);

impl Operation {
    // refusals are many, and seldom met: none is worth a copy of this
    #[cold]
    #[inline(never)]
    fn report(self, expected: String, found: &dyn Display) -> Report {
        Report {
            operation: self.0,
            expected,
            found: found.to_string(),
        }
    }

    pub fn shape(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Shape(self.report(expected.into(), &found))
    }

    pub fn size(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Size(self.report(expected.into(), &found))
    }

    pub fn option(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Option(self.report(expected.into(), &found))
    }

    pub fn too_many_tokens(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::TooManyTokens(self.report(expected.into(), &found))
    }

    pub fn too_large(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::TooLarge(self.report(expected.into(), &found))
    }

    pub fn not_found(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::NotFound(self.report(expected.into(), &found))
    }

    pub fn index(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Index(self.report(expected.into(), &found))
    }

    pub fn format(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Format(self.report(expected.into(), &found))
    }

    pub fn kind(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Type(self.report(expected.into(), &found))
    }

    #[cfg(feature = "gpu")]
    pub fn gpu(self, fault: GpuFault, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Gpu(fault, self.report(expected.into(), &found))
    }

    pub fn internal(self, expected: impl Into<String>, found: impl Display) -> Error {
        Error::Internal(self.report(expected.into(), &found))
    }
}
