//! The GPU path against the CPU: published vectors, drawn requests, traces, and what it refuses.
//!
//! Without an adapter these tests show as ignored. Where `CI` is set there has to be one: any Vulkan driver, Mesa's among them.

#[cfg(not(target_arch = "wasm32"))]
mod common;

#[cfg(all(not(target_arch = "wasm32"), feature = "gpu"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(not(all(not(target_arch = "wasm32"), feature = "gpu")))]
fn main() {}

#[cfg(all(not(target_arch = "wasm32"), feature = "gpu"))]
mod native {
    use crate::common::checkpoint::{Checkpoint, NAMES};
    use crate::common::drawn::{cases, tensor};
    use crate::common::traces::attention;
    use crate::common::vectors::{check, published};
    use crate::common::{Tolerance, array, compare, noise};
    use attention_playground::{
        AttentionConfig, AttentionInput, AttentionOutput, Block, Error, Gpu, Mask, ModelInput,
        Position, ScoresKind, Tiles, Trace, TraceInput, compute_attention, plain_attention,
        trace_attention,
    };
    use libtest_mimic::{Arguments, Failed, Trial};
    use ndarray::{ArrayD, Axis};
    use pollster::block_on;
    use proptest::test_runner::{Config, TestCaseError, TestRunner};
    use safetensors::SafeTensors;
    use std::process::ExitCode;

    type Test = fn() -> Result<(), Failed>;

    /// What the GPU may differ by from the CPU.
    const TOLERANCE: Tolerance = Tolerance {
        absolute: 1e-4,
        relative: 0.0,
    };

    const SMALL: usize = 0;
    const LARGE: usize = 1;

    type Opened = Result<&'static Gpu, Error>;

    // for good: a device may not be dropped while its thread ends
    fn kept(gpu: Gpu) -> &'static Gpu {
        Box::leak(Box::new(gpu))
    }

    thread_local! {
        static GPU: Opened = block_on(Gpu::open()).map(kept);
        // `GPU` has the tiles of one of them
        static BY_TILES: [Opened; 2] = [Tiles::Small, Tiles::Large]
            .map(|tiles| block_on(Gpu::open()).map(|gpu| kept(gpu.with_tiles(tiles))));
    }

    fn with<T>(gpu: &Opened, run: impl FnOnce(&Gpu) -> T) -> T {
        run(gpu.as_ref().expect("the adapter that was there before"))
    }

    fn with_gpu<T>(run: impl FnOnce(&Gpu) -> T) -> T {
        GPU.with(|gpu| with(gpu, run))
    }

    fn on_gpu(input: &AttentionInput, config: &AttentionConfig) -> Result<AttentionOutput, Error> {
        with_gpu(|gpu| block_on(gpu.compute_attention(input, config)))
    }

    /// On the GPU of that place in `BY_TILES`.
    fn in_tiles<const OF: usize>(
        input: &AttentionInput,
        config: &AttentionConfig,
    ) -> Result<AttentionOutput, Error> {
        BY_TILES.with(|gpus| {
            with(&gpus[OF], |gpu| {
                block_on(gpu.compute_attention(input, config))
            })
        })
    }

    pub fn main() -> ExitCode {
        let found = GPU.with(|gpu| match gpu {
            Ok(gpu) => {
                println!("{:?}", gpu.adapter());
                true
            }
            Err(error) => {
                println!("{error}");
                false
            }
        });
        if !found && std::env::var_os("CI").is_some() {
            println!("CI is set, and there is no GPU adapter: none of these tests would run");
            return ExitCode::FAILURE;
        }
        let tests: [(&str, Test); 12] = [
            ("wide_heads_are_worked_on_slab_by_slab", wide_heads),
            ("traces_of_every_operation_agree", traces),
            ("a_trace_of_many_tokens_agrees", many_tokens),
            ("drawn_requests_agree_with_the_plain_twin", drawn),
            ("many_keys_need_no_matrix_of_scores", many_keys),
            ("many_keys_with_a_mask_for_each_head", masks_in_parts),
            ("scores_of_many_keys", scores_in_parts),
            ("what_is_not_finite_is_left_to_the_cpu", not_finite),
            (
                "what_the_kernels_have_no_room_for_is_left_to_the_cpu",
                beyond,
            ),
            ("scores_that_are_too_low_are_left_to_the_cpu", low_scores),
            ("a_bad_request_is_refused_as_on_the_cpu", refusals),
            (
                "a_device_that_was_closed_is_lost_and_another_can_be_had",
                closed,
            ),
        ];
        let mut trials = vectors();
        trials.extend(
            NAMES.map(|name| Trial::test(format!("checkpoint_{name}"), move || checkpoint(name))),
        );
        trials.extend(tests.map(|(name, test)| Trial::test(name, test)));
        let trials = trials
            .into_iter()
            .map(|trial| trial.with_ignored_flag(!found));
        libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
    }

    /// One test for each published vector of the operator `Attention`, in tiles of either size.
    fn vectors() -> Vec<Trial> {
        let (cases, _) = published();
        let attention = cases.into_iter().filter(|case| case["op"] == "Attention");
        attention
            .map(|case| {
                let name = case["name"].as_str().unwrap_or("?").to_owned();
                Trial::test(name, move || {
                    let (_, bytes) = published();
                    let file = SafeTensors::deserialize(&bytes)?;
                    check(&file, &case, &in_tiles::<SMALL>)?;
                    check(&file, &case, &in_tiles::<LARGE>)?;
                    Ok(())
                })
            })
            .collect()
    }

    fn close(found: &ArrayD<f32>, expected: &ArrayD<f32>) -> Result<(), String> {
        compare(&found.view(), &expected.view(), TOLERANCE).map(|_| ())
    }

    fn drawn() -> Result<(), Failed> {
        TestRunner::new(Config::with_cases(150))
            .run(&cases(), |case| {
                let [small, large, expected] = case.run(
                    0,
                    None,
                    case.queries,
                    [&in_tiles::<SMALL>, &in_tiles::<LARGE>, &plain_attention],
                );
                close(&small, &expected).map_err(TestCaseError::fail)?;
                close(&large, &expected).map_err(TestCaseError::fail)
            })
            .map_err(|error| error.to_string().into())
    }

    /// Some queries of the output against the same by the CPU, which takes its time.
    fn some_queries_are_close(
        found: &ArrayD<f32>,
        input: &AttentionInput,
        config: &AttentionConfig,
    ) -> Result<(), Failed> {
        let queries = input.q.shape()[2];
        let only = |first: usize| ndarray::Slice::from(first..first + 3);
        for first in [0, queries / 2 - 1, queries - 3] {
            let mut part = input.clone();
            part.q.slice_axis_inplace(Axis(2), only(first));
            if let Some(Mask::Additive(added)) = &mut part.mask {
                added.slice_axis_inplace(Axis(2), only(first));
            }
            let config = AttentionConfig {
                rows: Some([first, queries]),
                ..config.clone()
            };
            let expected = plain_attention(&part, &config)?.output;
            close(
                &found.slice_axis(Axis(2), only(first)).to_owned(),
                &expected,
            )?;
        }
        Ok(())
    }

    /// 8 heads; a matrix of scores for 16,384 tokens would have 8 GiB.
    fn many_keys() -> Result<(), Failed> {
        for (queries, keys) in [(4096, 4096), (128, 16_384)] {
            let q = noise(&[1, 8, queries, 64], 1);
            let [k, v] = [2, 3].map(|seed| noise(&[1, 8, keys, 64], seed));
            let input = AttentionInput::new(q.view(), k.view(), v.view());
            let config = AttentionConfig::default();
            let found = on_gpu(&input, &config)?.output;
            some_queries_are_close(&found, &input, &config)?;
        }
        Ok(())
    }

    /// Values of more features than a group has, and keys of more than one pass; and passes in which no key is seen, before and
    /// after the one in which some are.
    fn wide_heads() -> Result<(), Failed> {
        let q = noise(&[1, 2, 40, 99], 1);
        let k = noise(&[1, 1, 15_000, 99], 2);
        let v = noise(&[1, 1, 15_000, 201], 3);
        let input = AttentionInput::new(q.view(), k.view(), v.view());
        let config = AttentionConfig {
            softcap: Some(2.0),
            ..AttentionConfig::default()
        };
        let causal = AttentionConfig {
            causal: true,
            ..config.clone()
        };
        let last = |keys: &ArrayD<f32>| keys.slice_axis(Axis(2), (14_960..).into()).to_owned();
        let past = |keys: &ArrayD<f32>| keys.slice_axis(Axis(2), (..14_960).into()).to_owned();
        let [(k_past, k_last), (v_past, v_last)] = [&k, &v].map(|keys| (past(keys), last(keys)));
        let mut behind = AttentionInput::new(q.view(), k_last.view(), v_last.view());
        behind.past_key = Some(k_past.view());
        behind.past_value = Some(v_past.view());
        let windowed = AttentionConfig {
            window: Some([5, 0]),
            ..config.clone()
        };
        for (input, config) in [(&input, config), (&input, causal), (&behind, windowed)] {
            for run in [in_tiles::<SMALL>, in_tiles::<LARGE>] {
                let found = run(input, &config)?.output;
                some_queries_are_close(&found, input, &config)?;
            }
        }
        Ok(())
    }

    /// A mask of 256 MiB, and one of 309 MiB for one head alone, are more than a buffer may hold: the first is cut by heads, the
    /// second by queries.
    fn masks_in_parts() -> Result<(), Failed> {
        for (heads, tokens) in [(4, 4096), (1, 9000)] {
            let [q, k, v] = [1, 2, 3].map(|seed| noise(&[1, heads, tokens, 4], seed));
            let added = noise(&[1, heads, tokens, tokens], 4);
            let mut input = AttentionInput::new(q.view(), k.view(), v.view());
            input.mask = Some(Mask::Additive(added.view()));
            let config = AttentionConfig {
                causal: true,
                ..AttentionConfig::default()
            };
            let found = on_gpu(&input, &config)?.output;
            some_queries_are_close(&found, &input, &config)?;
        }
        Ok(())
    }

    /// Scores of two sequences of grouped heads with a mask for each, cut by heads and queries.
    fn scores_in_parts() -> Result<(), Failed> {
        let tokens = 5700;
        let q = noise(&[2, 2, tokens, 3], 1);
        let [k, v] = [2, 3].map(|seed| noise(&[2, 1, tokens, 3], seed));
        let seen = noise(&[2, 1, 1, tokens], 4).mapv(|number| number > -0.5);
        let mut input = AttentionInput::new(q.view(), k.view(), v.view());
        input.mask = Some(Mask::Boolean(seen.view()));
        let config = AttentionConfig {
            window: Some([500, 20]),
            scores: Some(ScoresKind::Weights),
            ..AttentionConfig::default()
        };
        let found = on_gpu(&input, &config)?;
        some_queries_are_close(&found.output, &input, &config)?;
        let scores = found.scores.ok_or("no scores")?;
        for first in [0, 2849, tokens - 3] {
            let only = ndarray::Slice::from(first..first + 3);
            let mut part = input.clone();
            part.q.slice_axis_inplace(Axis(2), only);
            let config = AttentionConfig {
                rows: Some([first, tokens]),
                ..config.clone()
            };
            let expected = plain_attention(&part, &config)?.scores.ok_or("no scores")?;
            close(&scores.slice_axis(Axis(2), only).to_owned(), &expected)?;
        }
        Ok(())
    }

    /// The GPU's trace, or the CPU's of what the GPU leaves to it.
    fn traced(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
        match with_gpu(|gpu| block_on(gpu.trace_attention(input, config))) {
            Err(error) if error.code() == "unsuited" => trace_attention(input, config),
            result => result,
        }
    }

    fn same_trace(name: &str, found: &Trace, expected: &Trace) -> Result<(), Failed> {
        let table = |trace: &Trace| {
            (
                trace.stages.clone(),
                trace.config.clone(),
                trace.tokens.clone(),
            )
        };
        if table(found) != table(expected) {
            return Err(format!("{name}: another table").into());
        }
        for stage in &expected.stages {
            let [found, expected] = [found, expected].map(|trace| {
                let cells = trace.cells(&stage.id).expect("a stage").to_vec();
                array(&stage.shape, cells)
            });
            close(&found, &expected).map_err(|miss| format!("{name}, {}: {miss}", stage.id))?;
        }
        Ok(())
    }

    fn traces() -> Result<(), Failed> {
        let pairs = attention(traced)
            .into_iter()
            .zip(attention(trace_attention));
        for ((name, found), (_, expected)) in pairs {
            let backend = match name {
                "NaN and infinity" | "overflow" => "cpu",
                _ => "webgpu",
            };
            if found.backend != backend {
                return Err(format!("{name}: computed by {}", found.backend).into());
            }
            same_trace(name, &found, &expected)?;
        }
        Ok(())
    }

    /// The attention of every layer of a model, against the reference library and against the trace on the CPU.
    fn checkpoint(name: &str) -> Result<(), Failed> {
        let checkpoint = Checkpoint::open(name);
        let model = checkpoint.model();
        let ids = checkpoint.ids("input_ids");
        let target_ids = checkpoint.ids("decoder_input_ids");
        let pixels = checkpoint.float("pixel_values");
        let input = ModelInput {
            ids: &ids,
            target_ids: &target_ids,
            pixels: (pixels.as_ref()).map(|pixels| pixels.view().index_axis_move(Axis(0), 0)),
        };
        let own = match name {
            "bart-0" => vec![
                (Block::Encoder, "encoder_attentions"),
                (Block::Decoder, "attentions"),
                (Block::Cross, "cross_attentions"),
            ],
            "gpt2-0" | "gpt2-1" => vec![(Block::Decoder, "attentions")],
            _ => vec![(Block::Encoder, "attentions")],
        };
        for (block, what) in own {
            let published = checkpoint.float(what).ok_or_else(|| format!("no {what}"))?;
            for (layer, weights) in published.axis_iter(Axis(0)).enumerate() {
                let found =
                    with_gpu(|gpu| block_on(gpu.trace_layer(&model, &input, block, layer, None)))?;
                if found.backend != "webgpu" {
                    return Err(format!("computed by {}", found.backend).into());
                }
                let cells = found.cells("weights").ok_or("no weights")?.to_vec();
                close(&array(weights.shape(), cells), &weights.to_owned())
                    .map_err(|miss| format!("{what} of layer {layer}: {miss}"))?;
                same_trace(what, &found, &model.trace(&input, block, layer, None)?)?;
            }
        }
        Ok(())
    }

    /// Of more than 512 tokens a trace holds the weights alone.
    fn many_tokens() -> Result<(), Failed> {
        let [x, memory] = [(530, 1), (600, 2)].map(|(tokens, seed)| noise(&[tokens, 12], seed));
        let added = noise(&[3, 530, 600], 3)
            .mapv(|bias| if bias < -0.9 { f32::NEG_INFINITY } else { bias });
        for (name, position, masked) in [
            ("ALiBi and a mask", Position::Alibi { slopes: None }, true),
            ("neither", Position::Sinusoidal, false),
        ] {
            let input = TraceInput {
                x: Some(x.view().into_dyn()),
                memory: Some(memory.view().into_dyn()),
                mask: masked.then(|| Mask::Additive(added.view())),
                head_dim: Some(6),
                position,
                ..TraceInput::default()
            };
            let config = AttentionConfig {
                heads: Some(3),
                kv_heads: Some(1),
                causal: !masked,
                softcap: masked.then_some(3.0),
                ..AttentionConfig::default()
            };
            let found = traced(&input, &config)?;
            if found.backend != "webgpu" {
                return Err(format!("{name}: computed by {}", found.backend).into());
            }
            same_trace(name, &found, &trace_attention(&input, &config)?)?;
        }
        Ok(())
    }

    fn not_finite() -> Result<(), Failed> {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38] {
            let mut tensors = [1, 2, 3].map(|seed| tensor(seed, &[1, 1, 20, 4]));
            for tensor in &mut tensors[..2] {
                tensor[[0, 0, 7, 1]] = odd;
            }
            let [q, k, v] = &tensors;
            let input = AttentionInput::new(q.view(), k.view(), v.view());
            unsuited(&input, &AttentionConfig::default())?;
        }
        Ok(())
    }

    fn unsuited(input: &AttentionInput, config: &AttentionConfig) -> Result<(), Failed> {
        for run in [in_tiles::<SMALL>, in_tiles::<LARGE>] {
            match run(input, config) {
                Err(error) if error.code() == "unsuited" => {}
                other => return Err(format!("{other:?}").into()),
            }
        }
        Ok(())
    }

    /// What the kernels have no room for, or would take for something else, is for the CPU, and the device goes on.
    fn beyond() -> Result<(), Failed> {
        let config = AttentionConfig::default();
        let q = tensor(1, &[1, 1, 3, 4]);
        let mut input = AttentionInput::new(q.view(), q.view(), q.view());
        let low = ArrayD::from_elem(vec![1, 1, 3, 3], f32::MIN);
        input.mask = Some(Mask::Additive(low.view()));
        unsuited(&input, &config)?;
        let wide = tensor(1, &[1, 1, 2, 4096]);
        let wide = AttentionInput::new(wide.view(), wide.view(), wide.view());
        let scored = AttentionConfig {
            scores: Some(ScoresKind::Weights),
            ..config.clone()
        };
        unsuited(&wide, &scored)?;
        input.mask = None;
        let expected = compute_attention(&input, &config)?.output;
        close(&on_gpu(&input, &config)?.output, &expected)?;
        Ok(())
    }

    /// Finite scores that the kernels take for negative infinity: of all keys, and of some.
    fn low_scores() -> Result<(), Failed> {
        let q = ArrayD::from_elem(vec![1, 1, 40, 1], -1.0);
        let mut k = ArrayD::from_elem(vec![1, 1, 70, 1], 3.2e38);
        let v = tensor(3, &[1, 1, 70, 4]);
        let all = AttentionConfig {
            scale: Some(1.0),
            ..AttentionConfig::default()
        };
        let masked = AttentionConfig {
            scores: Some(ScoresKind::Masked),
            ..all.clone()
        };
        let input = AttentionInput::new(q.view(), k.view(), v.view());
        unsuited(&input, &all)?;
        unsuited(&input, &masked)?;
        // beside others they do not count, and a query that sees no key has none
        k[[0, 0, 69, 0]] = 1.0;
        let mut input = AttentionInput::new(q.view(), k.view(), v.view());
        let expected = compute_attention(&input, &all)?.output;
        close(&in_tiles::<SMALL>(&input, &all)?.output, &expected)?;
        close(&in_tiles::<LARGE>(&input, &all)?.output, &expected)?;
        unsuited(&input, &masked)?;
        let none = ArrayD::from_elem(vec![40, 70], false);
        input.mask = Some(Mask::Boolean(none.view()));
        close(
            &on_gpu(&input, &masked)?.output,
            &ArrayD::zeros(expected.shape()),
        )
        .map_err(Failed::from)
    }

    fn refusals() -> Result<(), Failed> {
        let [q, k] = [[1, 2, 3, 4], [1, 2, 3, 5]].map(|shape| tensor(1, &shape));
        let bad = AttentionInput::new(q.view(), k.view(), k.view());
        let good = AttentionInput::new(q.view(), q.view(), q.view());
        let odd = AttentionConfig {
            scale: Some(f64::NAN),
            ..AttentionConfig::default()
        };
        for (input, config) in [(&bad, &AttentionConfig::default()), (&good, &odd)] {
            let [here, there] =
                [compute_attention(input, config), on_gpu(input, config)].map(Result::err);
            if here.is_none() || here != there {
                return Err(format!("{here:?} on the CPU, {there:?} on the GPU").into());
            }
        }
        Ok(())
    }

    fn closed() -> Result<(), Failed> {
        let q = tensor(1, &[1, 1, 9, 4]);
        let input = AttentionInput::new(q.view(), q.view(), q.view());
        let config = AttentionConfig::default();
        let gpu = block_on(Gpu::open())?;
        block_on(gpu.compute_attention(&input, &config))?;
        gpu.close();
        let error = block_on(gpu.compute_attention(&input, &config)).err();
        if error.as_ref().map(Error::code) != Some("device_lost") {
            return Err(format!("{error:?}").into());
        }
        let again = block_on(Gpu::open())?;
        let expected = compute_attention(&input, &config)?.output;
        close(
            &block_on(again.compute_attention(&input, &config))?.output,
            &expected,
        )?;
        Ok(())
    }
}
