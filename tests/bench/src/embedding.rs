//! Embedding: our embedder against the bare loop, and against fastembed with the same model.

use anyhow::{Result, ensure};
use fastembed::{InitOptionsUserDefined, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel};

use crate::bare::Bare;
use crate::report::{Figure, Report, Target};
use crate::rounds::{Way, interleave, rate, speedup};
use crate::setting::{MODEL, Model, Setting};
use crate::texts::texts;

/// Words of a text; about 200 tokens on average once the longest are cut at 256.
const WORDS: std::ops::RangeInclusive<usize> = 40..=140;
/// Texts run before the clock starts.
const WARM_UP: usize = 32;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let texts = texts(1, setting.options.texts, WORDS);
    fp32(setting, &texts, report)?;
    int8(setting, &texts, report)
}

fn fp32(setting: &Setting, texts: &[String], report: &mut Report) -> Result<()> {
    let model = setting.model(MODEL)?;
    let ours = model.embedder()?;
    let mut bare = Bare::prepare(&model, texts)?;
    let mut default = fastembed(&model)?;
    let mut small = fastembed(&model)?;
    let (count, tokens) = (bare.texts, bare.tokens);
    report.note(format!("{count} texts, {} tokens on average", tokens / count));

    // All do the same work, or their times say nothing.
    let warm_up = &texts[..WARM_UP.min(count)];
    let vectors = ours.embed_blocking(warm_up)?;
    agree(&vectors, &default.embed(warm_up, None)?)?;
    agree(&vectors, &small.embed(warm_up, Some(32))?)?;
    bare.run()?;

    let mut ways: Vec<Way<'_>> = vec![
        Box::new(|| bare.run()),
        Box::new(|| Ok(ours.embed_blocking(texts).map(drop)?)),
        Box::new(|| Ok(default.embed(texts, None).map(drop)?)),
        Box::new(|| Ok(small.embed(texts, Some(32)).map(drop)?)),
    ];
    let seconds = interleave(setting.options.runs, &mut ways)?;
    let names = ["bare loop", "ours", "fastembed", "fastembed, batch 32"];
    speeds(report, "fp32", &names, &seconds, count, tokens);
    let [bare, ours, default, small] = seconds.as_slice() else { return Ok(()) };
    report.add(
        Figure::over("fp32, ours to bare loop", "×", &speedup(ours, bare)).target(Target::AtLeast(0.95)),
    );
    report.add(
        Figure::over("fp32, ours to fastembed", "×", &speedup(ours, default)).target(Target::AtLeast(1.5)),
    );
    report.add(Figure::over("fp32, ours to fastembed, batch 32", "×", &speedup(ours, small)));
    Ok(())
}

fn int8(setting: &Setting, texts: &[String], report: &mut Report) -> Result<()> {
    let model = setting.model(&format!("{MODEL}-int8"))?;
    let ours = model.embedder()?;
    let mut bare = Bare::prepare(&model, texts)?;
    let (count, tokens) = (bare.texts, bare.tokens);
    if model.profile.dynamic_quantization {
        report.note("int8 is quantised per batch: both run one text at a time");
    }
    ours.embed_blocking(&texts[..WARM_UP.min(count)])?;
    bare.run()?;
    let mut ways: Vec<Way<'_>> =
        vec![Box::new(|| bare.run()), Box::new(|| Ok(ours.embed_blocking(texts).map(drop)?))];
    let seconds = interleave(setting.options.runs, &mut ways)?;
    speeds(report, "int8", &["bare loop", "ours"], &seconds, count, tokens);
    let [bare, ours] = seconds.as_slice() else { return Ok(()) };
    report.add(
        Figure::over("int8, ours to bare loop", "×", &speedup(ours, bare)).target(Target::AtLeast(0.95)),
    );
    Ok(())
}

fn speeds(
    report: &mut Report,
    model: &str,
    names: &[&str],
    seconds: &[Vec<f64>],
    texts: usize,
    tokens: usize,
) {
    for (name, seconds) in names.iter().zip(seconds) {
        report.add(Figure::over(format!("{model}, {name}"), "texts/s", &rate(texts, seconds)));
        report.add(Figure::over(format!("{model}, {name}"), "tokens/s", &rate(tokens, seconds)));
    }
}

/// The same model in fastembed, with its defaults.
fn fastembed(model: &Model) -> Result<TextEmbedding> {
    let read = |name: &str| std::fs::read(model.folder.join(name));
    let max_tokens = model.profile.max_tokens;
    let files = TokenizerFiles {
        tokenizer_file: read("tokenizer.json")?,
        config_file: read("config.json")?,
        special_tokens_map_file: b"{}".to_vec(),
        tokenizer_config_file: format!(r#"{{"model_max_length":{max_tokens},"pad_token":"[PAD]"}}"#)
            .into_bytes(),
    };
    let options =
        InitOptionsUserDefined::new().with_environment(model.environment.clone()).with_max_length(max_tokens);
    // Without a pooling it takes the graph's own, which this model has.
    let weights = "model.onnx_data";
    let user_defined = UserDefinedEmbeddingModel::new(read("model.onnx")?, files)
        .with_external_initializer(weights.to_owned(), read(weights)?);
    Ok(TextEmbedding::try_new_from_user_defined(user_defined, options)?)
}

/// Vectors of unit length that point the same way.
fn agree(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> Result<()> {
    ensure!(ours.len() == theirs.len(), "fastembed returned another number of vectors");
    for (ours, theirs) in ours.iter().zip(theirs) {
        let cosine: f32 = ours.iter().zip(theirs).map(|(a, b)| a * b).sum();
        ensure!(cosine > 0.999, "our vectors and fastembed's differ (cosine {cosine})");
    }
    Ok(())
}
