//! The boundary as JavaScript uses it, natively.

use super::*;

fn call(boundary: &mut Boundary, json: &str, bytes: &[u8]) -> (bool, serde_json::Value) {
    let request = boundary.reserve(json.len() + bytes.len()).expect("memory");
    request[..json.len()].copy_from_slice(json.as_bytes());
    request[json.len()..].copy_from_slice(bytes);
    let done = boundary.answer(json.len());
    (
        done,
        serde_json::from_str(&boundary.reply.text).expect("JSON"),
    )
}

fn done(boundary: &mut Boundary, json: &str, bytes: &[u8]) -> serde_json::Value {
    let (done, reply) = call(boundary, json, bytes);
    assert!(done, "{json}: {reply}");
    reply
}

fn load(name: &str) -> Boundary {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/checkpoints")
        .join(name);
    let [config, weights] = ["config.json", "model.safetensors"]
        .map(|file| std::fs::read(folder.join(file)).expect(file));
    let mut boundary = Boundary::new();
    done(&mut boundary, r#"{"do":"begin"}"#, &config);
    let length = done(&mut boundary, r#"{"do":"headerLength"}"#, &weights[..8])["length"]
        .as_u64()
        .expect("a length");
    let data = 8 + length as usize;
    done(&mut boundary, r#"{"do":"header"}"#, &weights[8..data]);
    let plan = done(&mut boundary, r#"{"do":"plan"}"#, &[]);
    for (n, piece) in plan["pieces"]
        .as_array()
        .expect("pieces")
        .iter()
        .enumerate()
    {
        let at = |key: &str| data + piece[key].as_u64().expect(key) as usize;
        // in parts that do not end where a row does
        for part in weights[at("start")..at("end")].chunks(100) {
            done(
                &mut boundary,
                &format!(r#"{{"do":"fill","piece":{n}}}"#),
                part,
            );
        }
    }
    let info = done(&mut boundary, r#"{"do":"finish"}"#, &[]);
    assert_eq!(info["family"], name.split('-').next().expect("a family"));
    assert_eq!(info["unused"], serde_json::json!([]));
    boundary
}

#[test]
fn a_model_is_loaded_run_and_traced() {
    let mut boundary = load("bart-0");
    let run = r#"{"do":"run","ids":[5,6,7],"targetIds":[8,9],"attentions":true}"#;
    let reply = done(&mut boundary, run, &[]);
    assert_eq!(reply["logits"]["shape"], serde_json::json!([2, 340]));
    assert_eq!(
        reply["encoderHidden"]["shape"],
        serde_json::json!([3, 3, 32])
    );
    assert_eq!(
        reply["attentions"]["cross"]["shape"],
        serde_json::json!([2, 2, 2, 3])
    );
    let at = reply["attentions"]["encoder"]["at"]
        .as_u64()
        .expect("a place") as usize;
    let row: f32 = boundary.reply.floats[at..at + 3].iter().sum();
    assert!((row - 1.0).abs() < 1e-6, "a row of weights sums to {row}");
    let trace = r#"{"do":"traceInput","block":"cross","layer":1,"ids":[5,6,7],"targetIds":[8,9]}"#;
    let reply = done(&mut boundary, trace, &[]);
    assert_eq!(reply["memory"]["shape"], serde_json::json!([3, 32]));
    assert_eq!(reply["wq"]["shape"], serde_json::json!([32, 32]));
    let scale: u64 = reply["scale"]
        .as_str()
        .expect("bits")
        .parse()
        .expect("a number");
    assert!((f64::from_bits(scale) - 0.25).abs() < 1e-15);
}

#[test]
fn texts_go_side_by_side() {
    let mut boundary = load("gpt2-0");
    let start = |boundary: &mut Boundary| {
        done(boundary, r#"{"do":"start","ids":[5,6]}"#, &[])["text"].as_u64()
    };
    assert_eq!(
        (start(&mut boundary), start(&mut boundary)),
        (Some(0), Some(1))
    );
    let step = |text: u64| {
        format!(r#"{{"do":"step","text":{text},"ids":[5,6],"temperature":0.5,"seed":1,"step":0}}"#)
    };
    let replies = [0, 1].map(|text| done(&mut boundary, &step(text), &[]));
    assert_eq!(replies[0], replies[1]);
    done(&mut boundary, r#"{"do":"stop","text":0}"#, &[]);
    assert_eq!(call(&mut boundary, &step(0), &[]).1["code"], "option");
    assert_eq!(start(&mut boundary), Some(0), "its number is free again");
}

#[test]
fn logits_become_probabilities() {
    let mut boundary = load("gpt2-0");
    let logits: Vec<u8> = [0.0_f32, 0.0]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    let request = r#"{"do":"probabilities","temperature":1}"#;
    done(&mut boundary, request, &logits);
    assert_eq!(boundary.reply.floats, [0.5, 0.5]);
    let bare = r#"{"do":"probabilities"}"#;
    assert_eq!(call(&mut boundary, bare, &logits).1["code"], "type");
}

#[test]
fn refusals_are_replies() {
    let mut boundary = load("vit-0");
    let pixels = r#"{"do":"run","pixels":[3,24,24]}"#;
    for (json, code, found) in [
        ("", "format", "its end"),
        ("{}", "type", "none"),
        (r#"{"do":1}"#, "type", "1"),
        (r#"{"do":"dance"}"#, "option", "dance"),
        (r#"{"do":"fill","piece":0}"#, "option", "fill"),
        (r#"{"do":"run","ids":[1.5]}"#, "type", "an array"),
        (r#"{"do":"run","ids":7}"#, "type", "7"),
        (pixels, "shape", "0"),
        (
            r#"{"do":"run","pixels":[4294967296,4294967296,2]}"#,
            "shape",
            "0",
        ),
        (r#"{"do":"run","pixels":"all"}"#, "type", "all"),
        (
            r#"{"do":"traceInput","block":"side","layer":0}"#,
            "option",
            "side",
        ),
        (
            r#"{"do":"traceInput","block":"encoder","layer":-1}"#,
            "type",
            "-1",
        ),
        (r#"{"do":"step","text":0}"#, "option", "none"),
        ("{\"do\":\"a\\u0001\\\"b\"}", "option", "a\u{1}\"b"),
    ] {
        let (done, reply) = call(&mut boundary, json, &[]);
        assert!(!done, "{json}");
        assert_eq!(reply["code"], code, "{json}: {reply}");
        assert!(
            reply["found"]
                .as_str()
                .is_some_and(|text| text.contains(found)),
            "{json}: {reply}"
        );
    }
    // and the next request is answered
    let bytes: Vec<u8> = (0..3 * 24 * 24)
        .flat_map(|n| (n as f32).sin().to_le_bytes())
        .collect();
    assert_eq!(
        done(&mut boundary, pixels, &bytes)["logits"]["shape"],
        serde_json::json!([5])
    );
    let (begun, _) = call(&mut boundary, r#"{"do":"begin"}"#, b"{}");
    assert!(!begun, "no configuration");
    assert_eq!(
        call(&mut boundary, pixels, &bytes).1["code"],
        "option",
        "the model before is gone"
    );
}
