//! `config.json`: the sizes of a model, each checked, and what this engine does not do refused by name.

use super::header::OPERATION;
use super::json::Json;
use super::ops::Activation;
use crate::error::Error;
use crate::recall::{RecallConfig, RecallKind};

/// Layers of a stack, and patches or positions and such: beyond them a configuration is no model but a mistake.
const MOST_LAYERS: usize = 1024;
const MOST_HEADS: usize = 1024;
const MOST: usize = 1 << 24;

/// What kind of model it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// An encoder, as BERT is.
    Bert,
    /// A decoder, as GPT-2 is.
    Gpt2,
    /// An encoder and a decoder that looks at it, as BART is.
    Bart,
    /// An encoder of the patches of an image, as ViT is.
    Vit,
    /// Networks that remember, side by side: see [`crate::Recall`].
    Recall,
}

impl Family {
    /// `model_type` of the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::Bert => "bert",
            Family::Gpt2 => "gpt2",
            Family::Bart => "bart",
            Family::Vit => "vit",
            Family::Recall => "recall",
        }
    }
}

/// The sizes of a stack of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackSize {
    /// How many there are.
    pub layers: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Features between the two products of the MLP.
    pub inner: usize,
}

/// The sizes of the images that a model of vision takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSize {
    /// Colours.
    pub channels: usize,
    /// Height and width of an image.
    pub image: [usize; 2],
    /// Height and width of a patch.
    pub patch: [usize; 2],
}

impl ImageSize {
    /// Rows and columns of patches.
    #[must_use]
    pub fn grid(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.image[axis] / self.patch[axis])
    }
}

/// A configuration, as far as it says how to compute.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub family: Family,
    pub width: usize,
    pub encoder: Option<StackSize>,
    pub decoder: Option<StackSize>,
    pub activation: Activation,
    /// Added to the variance by layer norms.
    pub epsilon: f64,
    /// Tokens that it knows; 0 where it sees images.
    pub vocabulary: usize,
    /// Rows of the table of positions; none where it has no positions.
    pub positions: Option<usize>,
    /// Kinds of segments (BERT); 0 for none.
    pub segments: usize,
    pub image: Option<ImageSize>,
    pub recall: Option<RecallConfig>,
    /// Classes of an image or a text.
    pub labels: Vec<String>,
    /// Embeddings are multiplied with the root of the width (BART).
    pub scaled_embeddings: bool,
    /// Scores are divided by the root of a head's size (not so in every GPT-2).
    pub scaled_scores: bool,
    /// Scores are divided by the number of the layer, too.
    pub scaled_by_layer: bool,
    /// Queries, keys and values have a bias.
    pub biased: bool,
    /// The output reads the table of embeddings.
    pub tied: bool,
    /// What a decoder begins with.
    pub start: Option<u32>,
    /// What ends a text.
    pub ends: Vec<u32>,
}

/// The fields of a configuration.
struct Fields<'a>(&'a Json);

impl Fields<'_> {
    fn refused(&self, name: &str, expected: &str, found: &Json) -> Error {
        OPERATION.kind(format!("config {name}: {expected}"), found.describe())
    }

    fn field(&self, name: &str) -> Option<&Json> {
        self.0.get(name).filter(|value| **value != Json::Null)
    }

    /// A size from 1 up to `most`, if it is there.
    fn size(&self, name: &str, most: usize) -> Result<Option<usize>, Error> {
        let Some(value) = self.field(name) else {
            return Ok(None);
        };
        let whole = value.whole().and_then(|whole| usize::try_from(whole).ok());
        let size = whole.ok_or_else(|| self.refused(name, "a whole number", value))?;
        if size == 0 || size > most {
            return Err(OPERATION.size(format!("config {name} from 1 to {most}"), size));
        }
        Ok(Some(size))
    }

    fn needed(&self, name: &str, most: usize) -> Result<usize, Error> {
        self.size(name, most)?
            .ok_or_else(|| OPERATION.not_found(format!("config {name}"), "none"))
    }

    /// Height and width: one number for both, or two.
    fn sides(&self, name: &str) -> Result<[usize; 2], Error> {
        let Some(Json::List(items)) = self.field(name) else {
            return self.needed(name, MOST).map(|side| [side; 2]);
        };
        let sides: Vec<usize> = items
            .iter()
            .filter_map(|item| usize::try_from(item.whole()?).ok())
            .filter(|side| (1..=MOST).contains(side))
            .collect();
        match sides[..] {
            [height, width] if items.len() == 2 => Ok([height, width]),
            _ => Err(OPERATION.kind(
                format!("config {name}: a size, or height and width"),
                "another array",
            )),
        }
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, Error> {
        match self.field(name) {
            None => Ok(default),
            Some(Json::Flag(flag)) => Ok(*flag),
            Some(other) => Err(self.refused(name, "true or false", other)),
        }
    }

    /// A flag that this engine knows in one position only.
    fn only(&self, name: &str, value: bool) -> Result<(), Error> {
        match self.flag(name, value)? == value {
            true => Ok(()),
            false => Err(OPERATION.option(format!("config {name}: {value}"), !value)),
        }
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.field(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.refused(name, "a string", other)),
        }
    }

    fn number(&self, name: &str, default: f64) -> Result<f64, Error> {
        let Some(value) = self.field(name) else {
            return Ok(default);
        };
        value
            .number()
            .filter(|number| number.is_finite() && *number >= 0.0)
            .ok_or_else(|| self.refused(name, "a number of at least 0", value))
    }

    fn activation(&self, name: &str) -> Result<Activation, Error> {
        let found = self.text(name)?.unwrap_or("none");
        Activation::named(found)
            .ok_or_else(|| OPERATION.option(format!("config {name}: {}", Activation::NAMES), found))
    }

    /// The ids of one token or of several.
    fn tokens(&self, name: &str) -> Result<Vec<u32>, Error> {
        let id = |value: &Json| value.whole().and_then(|id| u32::try_from(id).ok());
        let ids = match self.field(name) {
            None => Some(Vec::new()),
            Some(Json::List(items)) => items.iter().map(id).collect(),
            Some(one) => id(one).map(|id| vec![id]),
        };
        ids.ok_or_else(|| {
            OPERATION.kind(
                format!("config {name}: the id of a token"),
                "something else",
            )
        })
    }

    fn stack(
        &self,
        [layers, heads, inner]: [&str; 3],
        inner_else: Option<usize>,
    ) -> Result<StackSize, Error> {
        Ok(StackSize {
            layers: self.needed(layers, MOST_LAYERS)?,
            heads: self.needed(heads, MOST_HEADS)?,
            inner: match inner_else {
                Some(otherwise) => self.size(inner, MOST)?.unwrap_or(otherwise),
                None => self.needed(inner, MOST)?,
            },
        })
    }

    /// The names of the classes, in order of their numbers.
    fn labels(&self) -> Result<Vec<String>, Error> {
        let Some(value) = self.field("id2label") else {
            return Ok(Vec::new());
        };
        let refused = || {
            OPERATION.kind(
                "config id2label: a name for each number from 0",
                value.describe(),
            )
        };
        let Json::Object(fields) = value else {
            return Err(refused());
        };
        (0..fields.len())
            .map(|n| match value.get(&n.to_string()) {
                Some(Json::Text(label)) => Ok(label.clone()),
                _ => Err(refused()),
            })
            .collect()
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `not_found`, `type`, `size` and `option`, each with the name of the field.
    pub fn read(json: &Json) -> Result<Self, Error> {
        let fields = Fields(json);
        if !matches!(json, Json::Object(_)) {
            return Err(OPERATION.kind("config: an object", json.describe()));
        }
        let config = match fields.text("model_type")? {
            Some("bert") => bert(&fields)?,
            Some("gpt2") => gpt2(&fields)?,
            Some("bart") => bart(&fields)?,
            Some("vit") => vit(&fields)?,
            Some("recall") => recall(&fields)?,
            other => {
                let found = other.unwrap_or("none");
                let expected = "config model_type: bert, gpt2, bart, vit or recall";
                return Err(OPERATION.option(expected, found));
            }
        };
        for stack in [config.encoder, config.decoder].into_iter().flatten() {
            if !config.width.is_multiple_of(stack.heads) {
                return Err(OPERATION.size(
                    format!("config: a width that {} heads divide", stack.heads),
                    config.width,
                ));
            }
        }
        Ok(config)
    }
}

fn blank(fields: &Fields, family: Family, width: usize) -> Result<Config, Error> {
    Ok(Config {
        family,
        width,
        encoder: None,
        decoder: None,
        activation: Activation::Gelu,
        epsilon: 1e-5,
        vocabulary: 0,
        positions: None,
        segments: 0,
        image: None,
        recall: None,
        labels: fields.labels()?,
        scaled_embeddings: false,
        scaled_scores: true,
        scaled_by_layer: false,
        biased: true,
        tied: fields.flag("tie_word_embeddings", true)?,
        start: fields.tokens("decoder_start_token_id")?.first().copied(),
        ends: fields.tokens("eos_token_id")?,
    })
}

const BERT_STACK: [&str; 3] = [
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
];

fn bert(fields: &Fields) -> Result<Config, Error> {
    fields.only("is_decoder", false)?;
    fields.only("add_cross_attention", false)?;
    let positions = match fields.text("position_embedding_type")? {
        None | Some("absolute") => Some(fields.needed("max_position_embeddings", MOST)?),
        Some("none") => None,
        Some(other) => {
            return Err(OPERATION.option("config position_embedding_type: absolute or none", other));
        }
    };
    let segments = match fields.field("type_vocab_size").map(Json::whole) {
        Some(Some(0)) => 0,
        _ => fields.size("type_vocab_size", MOST)?.unwrap_or(0),
    };
    Ok(Config {
        encoder: Some(fields.stack(BERT_STACK, None)?),
        activation: fields.activation("hidden_act")?,
        epsilon: fields.number("layer_norm_eps", 1e-12)?,
        vocabulary: fields.needed("vocab_size", MOST)?,
        positions,
        segments,
        ..blank(fields, Family::Bert, fields.needed("hidden_size", MOST)?)?
    })
}

fn gpt2(fields: &Fields) -> Result<Config, Error> {
    fields.only("add_cross_attention", false)?;
    let width = fields.needed("n_embd", MOST)?;
    Ok(Config {
        decoder: Some(fields.stack(["n_layer", "n_head", "n_inner"], Some(4 * width))?),
        activation: fields.activation("activation_function")?,
        epsilon: fields.number("layer_norm_epsilon", 1e-5)?,
        vocabulary: fields.needed("vocab_size", MOST)?,
        positions: Some(fields.needed("n_positions", MOST)?),
        scaled_scores: fields.flag("scale_attn_weights", true)?,
        scaled_by_layer: fields.flag("scale_attn_by_inverse_layer_idx", false)?,
        ..blank(fields, Family::Gpt2, width)?
    })
}

fn bart(fields: &Fields) -> Result<Config, Error> {
    let encoder = [
        "encoder_layers",
        "encoder_attention_heads",
        "encoder_ffn_dim",
    ];
    let decoder = [
        "decoder_layers",
        "decoder_attention_heads",
        "decoder_ffn_dim",
    ];
    Ok(Config {
        encoder: Some(fields.stack(encoder, None)?),
        decoder: Some(fields.stack(decoder, None)?),
        activation: fields.activation("activation_function")?,
        vocabulary: fields.needed("vocab_size", MOST)?,
        positions: Some(fields.needed("max_position_embeddings", MOST)?),
        scaled_embeddings: fields.flag("scale_embedding", false)?,
        ..blank(fields, Family::Bart, fields.needed("d_model", MOST)?)?
    })
}

fn vit(fields: &Fields) -> Result<Config, Error> {
    let image = ImageSize {
        channels: fields.size("num_channels", MOST)?.unwrap_or(3),
        image: fields.sides("image_size")?,
        patch: fields.sides("patch_size")?,
    };
    let grid = image.grid();
    if grid.contains(&0) {
        return Err(OPERATION.size(
            format!("config patch_size of at most image_size {:?}", image.image),
            format!("{:?}", image.patch),
        ));
    }
    Ok(Config {
        encoder: Some(fields.stack(BERT_STACK, None)?),
        activation: fields.activation("hidden_act")?,
        epsilon: fields.number("layer_norm_eps", 1e-12)?,
        // one more for the class token
        positions: Some(grid[0].saturating_mul(grid[1]).saturating_add(1)),
        biased: fields.flag("qkv_bias", true)?,
        image: Some(image),
        ..blank(fields, Family::Vit, fields.needed("hidden_size", MOST)?)?
    })
}

fn recall(fields: &Fields) -> Result<Config, Error> {
    let part = |kind: RecallKind| {
        let name = kind.name();
        let object = fields.field("kinds").and_then(|kinds| kinds.get(name));
        object.ok_or_else(|| OPERATION.not_found(format!("config kinds: {name}"), "none"))
    };
    let sizes = |kind| {
        let own = Fields(part(kind)?);
        Ok::<_, Error>([
            own.needed("input_size", MOST)?,
            own.needed("hidden_size", MOST)?,
        ])
    };
    let attention = Fields(part(RecallKind::Attention)?);
    let width = attention.needed("hidden_size", MOST)?;
    let heads = attention.needed("num_attention_heads", MOST_HEADS)?;
    if !width.is_multiple_of(heads) {
        return Err(OPERATION.size(format!("config: a width that {heads} heads divide"), width));
    }
    Ok(Config {
        recall: Some(RecallConfig {
            letters: fields.needed("letters", MOST)?,
            digits: fields.needed("digits", MOST)?,
            answers: fields.needed("answers", MOST)?,
            rnn: sizes(RecallKind::Rnn)?,
            lstm: sizes(RecallKind::Lstm)?,
            attention: width,
            heads,
        }),
        ..blank(fields, Family::Recall, width)?
    })
}
