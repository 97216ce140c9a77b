//! What the command line may ask for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::optimiser::Recipe;

/// How a program trains.
pub struct Options {
    /// Seeds, from 0.
    pub seeds: u64,
    /// A few steps only, to see that the program runs; nothing is written.
    pub quick: bool,
    /// The data that do not lie in the repository.
    pub data: Option<PathBuf>,
}

impl Options {
    /// `[--seeds N] [--quick] [--data FILE]`
    ///
    /// # Errors
    /// Something else stands there.
    pub fn read(args: &[String]) -> Result<Self> {
        let mut options = Self {
            seeds: 5,
            quick: false,
            data: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--data" => {
                    let path = args
                        .next()
                        .context("--data: expected a file, found nothing")?;
                    options.data = Some(path.into());
                }
                "--seeds" => {
                    let count = args
                        .next()
                        .context("--seeds: expected a number, found nothing")?;
                    options.seeds = count
                        .parse()
                        .with_context(|| format!("--seeds: expected a number, found {count}"))?;
                }
                other => bail!("expected --seeds, --quick or --data, found {other}"),
            }
        }
        Ok(options)
    }

    /// The recipe, or what shows that it runs.
    #[must_use]
    pub fn shorten(&self, recipe: Recipe) -> Recipe {
        if self.quick {
            Recipe {
                steps: recipe.steps.min(20),
                ..recipe
            }
        } else {
            recipe
        }
    }
}
