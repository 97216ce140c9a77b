//! The kernels: their WGSL, compiled when they are first needed.

use std::borrow::Cow;
use std::collections::HashMap;
use wgpu::{BindingType, BufferBindingType, ShaderStages};

/// Files one after the other, without the lines of comment and the spaces that lines begin with: more than a quarter of what a page
/// would have to fetch of them.
macro_rules! code_of {
    ($($file:literal),+) => {{
        const TEXT: &[u8] = concat!($(include_str!($file)),+).as_bytes();
        const CODE: [u8; code(TEXT, &mut [])] = {
            let mut kept = [0; code(TEXT, &mut [])];
            code(TEXT, &mut kept);
            kept
        };
        match std::str::from_utf8(&CODE) {
            Ok(code) => code,
            Err(_) => panic!("whole lines were left out"),
        }
    }};
}

/// The files, each put together as it is compiled. What they begin with stands in a file of its own.
pub(super) const POINTWISE: &str = code_of!("kernels/step.wgsl", "kernels/pointwise.wgsl");
pub(super) const ROWS: &str = code_of!("kernels/step.wgsl", "kernels/rows.wgsl");
pub(super) const MATMUL: &str = code_of!("kernels/step.wgsl", "kernels/matmul.wgsl");
pub(super) const ATTEND: &str = code_of!("kernels/call.wgsl", "kernels/attend.wgsl");
pub(super) const ATTEND_LARGE: &str = code_of!("kernels/call.wgsl", "kernels/attend_large.wgsl");
pub(super) const WEIGHTS: &str = code_of!("kernels/call.wgsl", "kernels/weights.wgsl");

/// Bytes that stay of a text; as many of them as there is room for are written.
const fn code(text: &[u8], kept: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    // at the beginning of a line, spaces aside
    let mut begins = true;
    while from < text.len() {
        if begins && text[from] == b' ' {
            from += 1;
            continue;
        }
        if begins && text[from] == b'/' && text[from + 1] == b'/' {
            while text[from] != b'\n' {
                from += 1;
            }
            from += 1;
            continue;
        }
        begins = text[from] == b'\n';
        if to < kept.len() {
            kept[to] = text[from];
        }
        to += 1;
        from += 1;
    }
    to
}

/// Buffers that a kernel may read, from binding 1 on.
pub(super) const READS: usize = 5;
/// The binding of what it writes.
const WRITES: u32 = 6;

/// A kernel: the file, the entry, and the sizes that stand in it as constants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub file: &'static str,
    pub name: &'static str,
    /// Fours of features of a key and of a value.
    pub dims: Option<[usize; 2]>,
}

impl Entry {
    /// The source, with the real sizes in it.
    pub fn source(&self) -> Cow<'static, str> {
        let Some([dim, value_dim]) = self.dims else {
            return self.file.into();
        };
        let sized = self.file.replace(
            "const DIM: u32 = 16u;",
            &format!("const DIM: u32 = {dim}u;"),
        );
        let value_dim = format!("const VALUE_DIM: u32 = {value_dim}u;");
        sized
            .replace("const VALUE_DIM: u32 = 16u;", &value_dim)
            .into()
    }
}

/// The kernels of a device.
pub(super) struct Shaders {
    layout: wgpu::BindGroupLayout,
    pipelines: HashMap<Entry, wgpu::ComputePipeline>,
    /// Bound where a kernel reads less than it could.
    nothing: wgpu::Buffer,
}

impl Shaders {
    pub fn new(device: &wgpu::Device) -> Self {
        let entry = |binding: u32, ty: BufferBindingType| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty,
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let storage = |read_only| BufferBindingType::Storage { read_only };
        let mut entries = vec![entry(0, BufferBindingType::Uniform)];
        entries.extend((1..=READS as u32).map(|binding| entry(binding, storage(true))));
        entries.push(entry(WRITES, storage(false)));
        Shaders {
            layout: device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: None,
                entries: &entries,
            }),
            pipelines: HashMap::new(),
            nothing: device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 256,
                usage: wgpu::BufferUsages::STORAGE,
                mapped_at_creation: false,
            }),
        }
    }

    pub fn pipeline(&mut self, device: &wgpu::Device, entry: &Entry) -> wgpu::ComputePipeline {
        if let Some(pipeline) = self.pipelines.get(entry) {
            return pipeline.clone();
        }
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(entry.name),
            source: wgpu::ShaderSource::Wgsl(entry.source()),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            bind_group_layouts: &[Some(&self.layout)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry.name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(entry.name),
            compilation_options: wgpu::PipelineCompilationOptions {
                // every kernel fills what it reads
                zero_initialize_workgroup_memory: false,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        self.pipelines.insert(entry.clone(), pipeline.clone());
        pipeline
    }

    pub fn group(
        &self,
        device: &wgpu::Device,
        uniform: &wgpu::Buffer,
        reads: &[&wgpu::Buffer],
        writes: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let reads = reads
            .iter()
            .copied()
            .chain(std::iter::repeat(&self.nothing));
        let bound = std::iter::once(uniform)
            .chain(reads.take(READS))
            .chain([writes]);
        let entries: Vec<_> = (0..)
            .zip(bound)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_comment_are_left_out() {
        let text = b"// one\n  let a = 1; // two\n\n  // three\n}\n";
        let kept = b"let a = 1; // two\n\n}\n";
        let mut found = [0; 21];
        assert_eq!(code(text, &mut found), kept.len());
        assert_eq!(&found, kept);
    }

    /// Each file as it is compiled, with the sizes it stands with and with others.
    #[test]
    fn wgsl_is_valid() {
        for file in [POINTWISE, ROWS, MATMUL, ATTEND, ATTEND_LARGE, WEIGHTS] {
            for dims in [None, Some([1, 1]), Some([20, 3])] {
                let entry = Entry {
                    file,
                    name: "",
                    dims,
                };
                let source = entry.source();
                let module = naga::front::wgsl::parse_str(&source)
                    .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
                naga::valid::Validator::new(
                    naga::valid::ValidationFlags::all(),
                    naga::valid::Capabilities::empty(),
                )
                .validate(&module)
                .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
                assert!(!module.entry_points.is_empty());
            }
        }
        let sized = Entry {
            file: ATTEND,
            name: "attend",
            dims: Some([20, 3]),
        };
        assert!(sized.source().contains("const DIM: u32 = 20u;"));
        assert!(sized.source().contains("const VALUE_DIM: u32 = 3u;"));
    }
}
