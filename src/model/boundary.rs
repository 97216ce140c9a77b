//! A module of its own for models, without glue and imports: a page that shows none need not load it. One instance holds
//! one model. The caller writes a request, JSON and then bytes, and reads the reply, JSON and then floats; JSON is read
//! and written here, since the reader is there anyway.

mod reply;
#[cfg(test)]
mod tests;

use super::json::{self, Json};
use super::trace::Block;
use super::{Generation, Model, ModelInput, ModelLoader, header_length, probabilities, sample};
use crate::error::{Error, Operation};
use crate::recall::{RecallKind, RecallTask, RecallToken};
use ndarray::{ArrayViewD, IxDyn};
use reply::Reply;

const OPERATION: Operation = Operation("model");

/// The model of this instance.
enum State {
    Empty,
    Loading(ModelLoader),
    Loaded {
        model: Model,
        /// By number; a number is used again when its text has ended.
        texts: Vec<Option<Generation>>,
    },
}

/// What lies in memory between two calls.
struct Boundary {
    state: State,
    request: Vec<u8>,
    reply: Reply,
}

#[cfg(target_arch = "wasm32")]
thread_local! {
    static BOUNDARY: std::cell::RefCell<Boundary> = const { std::cell::RefCell::new(Boundary::new()) };
}

/// The functions that JavaScript sees.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "names that the linker exports as they are")]
mod exports {
    use super::BOUNDARY;

    /// Where to write a request of so many bytes; null where there is no memory left for it.
    #[unsafe(no_mangle)]
    extern "C" fn request(bytes: usize) -> *mut u8 {
        BOUNDARY.with_borrow_mut(|boundary| {
            boundary
                .reserve(bytes)
                .map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
        })
    }

    /// Answers the request, of which the first bytes are JSON: 1, or 0 where it was refused.
    #[unsafe(no_mangle)]
    extern "C" fn answer(json: usize) -> u32 {
        BOUNDARY.with_borrow_mut(|boundary| u32::from(boundary.answer(json)))
    }

    #[unsafe(no_mangle)]
    extern "C" fn text() -> *const u8 {
        BOUNDARY.with_borrow(|boundary| boundary.reply.text.as_ptr())
    }

    #[unsafe(no_mangle)]
    extern "C" fn text_bytes() -> usize {
        BOUNDARY.with_borrow(|boundary| boundary.reply.text.len())
    }

    #[unsafe(no_mangle)]
    extern "C" fn floats() -> *const f32 {
        BOUNDARY.with_borrow(|boundary| boundary.reply.floats.as_ptr())
    }

    #[unsafe(no_mangle)]
    extern "C" fn float_count() -> usize {
        BOUNDARY.with_borrow(|boundary| boundary.reply.floats.len())
    }
}

impl Boundary {
    const fn new() -> Self {
        Boundary {
            state: State::Empty,
            request: Vec::new(),
            reply: Reply::new(),
        }
    }

    fn reserve(&mut self, bytes: usize) -> Option<&mut [u8]> {
        self.request.clear();
        self.request.try_reserve(bytes).ok()?;
        self.request.resize(bytes, 0);
        Some(&mut self.request)
    }

    fn answer(&mut self, json: usize) -> bool {
        self.reply.clear();
        let request = std::mem::take(&mut self.request);
        let (json, bytes) = request.split_at(json.min(request.len()));
        let done = json::read(OPERATION, "a request", json).and_then(|fields| {
            let request = Request {
                fields: &fields,
                bytes,
            };
            self.state.answer(&request, &mut self.reply)
        });
        // kept for the next, which is often as long
        self.request = request;
        match &done {
            Ok(()) => self.reply.end(),
            Err(error) => self.reply.refuse(error),
        }
        done.is_ok()
    }
}

struct Request<'a> {
    fields: &'a Json,
    bytes: &'a [u8],
}

impl Request<'_> {
    fn refused(&self, name: &str, expected: &str) -> Error {
        let found = self
            .fields
            .get(name)
            .map_or_else(|| "none".into(), Json::describe);
        OPERATION.kind(format!("{name}: {expected}"), found)
    }

    fn field(&self, name: &str) -> Option<&Json> {
        self.fields.get(name).filter(|value| **value != Json::Null)
    }

    /// A length of a file; none where it is not known.
    fn length(&self, name: &str) -> Result<Option<u64>, Error> {
        let whole = |value: &Json| {
            value
                .whole()
                .ok_or_else(|| self.refused(name, "a number of bytes"))
        };
        self.field(name).map(whole).transpose()
    }

    fn size(&self, name: &str) -> Result<usize, Error> {
        let size = self
            .field(name)
            .and_then(Json::whole)
            .and_then(|size| usize::try_from(size).ok());
        size.ok_or_else(|| self.refused(name, "a whole number"))
    }

    fn seed(&self, name: &str) -> Result<u32, Error> {
        let seed = self
            .field(name)
            .and_then(Json::whole)
            .and_then(|size| u32::try_from(size).ok());
        seed.ok_or_else(|| self.refused(name, "a whole number of 32 bits"))
    }

    fn flag(&self, name: &str) -> bool {
        self.field(name) == Some(&Json::Flag(true))
    }

    fn text(&self, name: &str) -> Result<&str, Error> {
        match self.field(name) {
            Some(Json::Text(text)) => Ok(text),
            _ => Err(self.refused(name, "a string")),
        }
    }

    fn ids(&self, name: &str) -> Result<Vec<u32>, Error> {
        let ids = match self.field(name) {
            None => Some(Vec::new()),
            Some(Json::List(items)) => {
                let id = |item: &Json| item.whole().and_then(|id| u32::try_from(id).ok());
                items.iter().map(id).collect()
            }
            Some(_) => None,
        };
        ids.ok_or_else(|| self.refused(name, "an array of the ids of tokens"))
    }

    fn temperature(&self) -> Result<f64, Error> {
        let temperature = self.field("temperature").and_then(Json::number);
        temperature.ok_or_else(|| self.refused("temperature", "a number"))
    }

    /// The bytes as numbers.
    fn numbers(&self) -> Vec<f32> {
        let (numbers, _) = self.bytes.as_chunks();
        numbers
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect()
    }

    /// Runs with the input that the request says; pixels are its bytes.
    fn with_input<T>(&self, run: impl FnOnce(&ModelInput) -> Result<T, Error>) -> Result<T, Error> {
        let (ids, target_ids) = (self.ids("ids")?, self.ids("targetIds")?);
        let mut input = ModelInput {
            ids: &ids,
            target_ids: &target_ids,
            pixels: None,
        };
        let Some(shape) = self.field("pixels") else {
            return run(&input);
        };
        let extents = match shape {
            Json::List(items) => items
                .iter()
                .map(|item| usize::try_from(item.whole()?).ok())
                .collect::<Option<Vec<usize>>>(),
            _ => None,
        };
        let extents = extents.ok_or_else(|| self.refused("pixels", "a shape"))?;
        let numbers = self.numbers();
        let pixels = ArrayViewD::from_shape(IxDyn(&extents), &numbers).ok();
        let full = pixels.filter(|pixels| pixels.len() == numbers.len());
        input.pixels = Some(full.ok_or_else(|| {
            let expected = format!("pixels with as many numbers as the shape {extents:?} says");
            OPERATION.shape(expected, numbers.len())
        })?);
        run(&input)
    }
}

impl State {
    fn answer(&mut self, request: &Request, reply: &mut Reply) -> Result<(), Error> {
        match (request.text("do")?, &mut *self) {
            ("begin", _) => {
                let config = request.bytes;
                *self = State::Empty;
                *self = State::Loading(ModelLoader::new(config)?);
            }
            ("headerLength", _) => {
                let length = header_length(request.bytes, request.length("file")?)?;
                reply.number("length", length);
            }
            ("header", State::Loading(loader)) => {
                loader.add_header(request.bytes, request.length("data")?)?
            }
            ("plan", State::Loading(loader)) => reply.plan(loader.plan()?),
            ("fill", State::Loading(loader)) => {
                loader.fill(request.size("piece")?, request.bytes)?
            }
            ("finish", State::Loading(_)) => {
                let State::Loading(loader) = std::mem::replace(self, State::Empty) else {
                    return Err(OPERATION.internal("a model that is being loaded", "another"));
                };
                let model = loader.finish()?;
                reply.info(&model.info());
                *self = State::Loaded {
                    model,
                    texts: Vec::new(),
                };
            }
            (name, State::Loaded { model, texts }) => loaded(name, model, texts, request, reply)?,
            (name, _) => {
                return Err(OPERATION.option("a model that is loaded", format!("none, for {name}")));
            }
        }
        Ok(())
    }
}

/// What a network that remembers is to read.
fn sequence(request: &Request) -> Result<(RecallTask, Vec<RecallToken>), Error> {
    let tokens = request.ids("tokens")?;
    let (pairs, rest) = tokens.as_chunks();
    if !rest.is_empty() {
        return Err(request.refused("tokens", "a letter and a digit each"));
    }
    let tokens: Vec<RecallToken> = pairs
        .iter()
        .map(|pair| pair.map(|row: u32| row as usize))
        .collect();
    let task = named(request, "task", &RecallTask::ALL, RecallTask::name)?;
    Ok((task, tokens))
}

/// The one of `all` that the request names.
fn named<T: Copy>(
    request: &Request,
    field: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Error> {
    let found = request.text(field)?;
    let one = all.iter().copied().find(|&one| name(one) == found);
    one.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&one| name(one)).collect();
        OPERATION.option(format!("{field}: {}", names.join(" or ")), found)
    })
}

/// The requests to a model that is there.
fn loaded(
    name: &str,
    model: &Model,
    texts: &mut Vec<Option<Generation>>,
    request: &Request,
    reply: &mut Reply,
) -> Result<(), Error> {
    match name {
        "run" => {
            let output =
                request.with_input(|input| model.run(input, request.flag("attentions")))?;
            reply.tensor("logits", output.logits.as_ref());
            reply.tensor("hidden", Some(&output.hidden));
            reply.tensor("encoderHidden", output.encoder_hidden.as_ref());
            reply.attentions(&output.attentions);
        }
        "traceInput" => {
            let block = request.text("block")?;
            let Some(block) = Block::named(block) else {
                return Err(OPERATION.option("block: encoder, decoder or cross", block));
            };
            let number = request.size("layer")?;
            let layer = request.with_input(|input| model.layer_input(input, block, number))?;
            reply.layer(&layer)?;
        }
        "recall" => {
            let (task, tokens) = sequence(request)?;
            let kind = named(request, "kind", &RecallKind::ALL, RecallKind::name)?;
            let found = model.recall(task, kind, &tokens)?;
            let answers = [found.logits.len()];
            reply.number("answer", found.answer as u64);
            reply.slice("logits", &answers, &found.logits);
            reply.slice("probabilities", &answers, &found.probabilities);
            reply.slice("gradient", &[tokens.len()], &found.gradient);
            if let Some(weights) = &found.weights {
                reply.slice("weights", &[tokens.len()], weights);
            }
        }
        "recallLayer" => {
            let (task, tokens) = sequence(request)?;
            let layer = model.recall_layer(task, &tokens)?;
            reply.number("heads", layer.heads as u64);
            reply.number("causal", 0);
            reply.number("scale", layer.scale.to_bits());
            for (name, shape, data) in &layer.tensors {
                reply.slice(name, shape, data);
            }
        }
        "start" => {
            let (text, ids) =
                request.with_input(|input| Ok((model.start(input)?, model.first_ids(input)?)))?;
            let number = texts
                .iter()
                .position(Option::is_none)
                .unwrap_or(texts.len());
            match texts.get_mut(number) {
                Some(place) => *place = Some(text),
                None => texts.push(Some(text)),
            }
            reply.number("text", number as u64);
            reply.numbers("ids", ids.into_iter().map(u64::from));
        }
        "step" => {
            let Some(Some(text)) = texts.get_mut(request.size("text")?) else {
                return Err(OPERATION.option("a text that was begun", "none"));
            };
            let temperature = request.temperature()?;
            let (seed, step) = (request.seed("seed")?, request.seed("step")?);
            let result = model.step(text, &request.ids("ids")?, request.flag("attentions"))?;
            let chosen = sample(&result.logits, temperature, seed, step)?;
            reply.number("id", chosen.id as u64);
            // as bits, since writing such a number is more code than sampling
            reply.number("probability", chosen.probability.to_bits());
            reply.slice("logits", &[result.logits.len()], &result.logits);
            reply.attentions(&result.attentions);
        }
        "probabilities" => {
            let likely = probabilities(&request.numbers(), request.temperature()?)?;
            reply.slice("probabilities", &[likely.len()], &likely);
        }
        "stop" => {
            if let Some(text) = texts.get_mut(request.size("text")?) {
                *text = None;
            }
        }
        other => return Err(OPERATION.option("something that a model does", other)),
    }
    Ok(())
}
