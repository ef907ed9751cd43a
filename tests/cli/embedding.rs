//! The embedding model as it is installed, held against vectors that were computed without ONNX Runtime.

use agent_core::ConfigSources;
use agent_core::config::Paths;
use agent_core::embed::{Catalogue, LocalEmbedder, load_onnx_runtime};
use serde::Deserialize;

use crate::deployment::{MEMORY, fixture};

#[derive(Deserialize)]
struct Reference {
    model: String,
    sentences: Vec<String>,
    vectors: Vec<Vec<f64>>,
}

#[test]
fn the_vectors_are_those_of_the_reference() {
    let _alone = MEMORY.blocking_lock();
    let text = std::fs::read_to_string(fixture("embedding/reference.json")).unwrap();
    let reference: Reference = serde_json::from_str(&text).unwrap();
    let paths = Paths::of(&ConfigSources::from_process());
    let (folder, profile) = Catalogue::new(&paths).find(&reference.model).unwrap();
    let environment = load_onnx_runtime(&paths).unwrap();
    let embedder = LocalEmbedder::load(&folder, profile, &environment, 0).unwrap();
    let together = embedder.embed_blocking(&reference.sentences).unwrap();
    let alone = reference
        .sentences
        .iter()
        .flat_map(|sentence| embedder.embed_blocking(std::slice::from_ref(sentence)).unwrap());
    assert_eq!(reference.vectors.len(), 8);
    for vectors in [together, alone.collect()] {
        assert_eq!(vectors.len(), reference.vectors.len());
        for ((own, expected), sentence) in vectors.iter().zip(&reference.vectors).zip(&reference.sentences) {
            let cosine = cosine(own, expected);
            assert!(cosine >= 0.9999, "{cosine}: {sentence}");
        }
    }
}

fn cosine(own: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(own.len(), expected.len());
    let dot: f64 = own.iter().zip(expected).map(|(a, b)| f64::from(*a) * b).sum();
    let own = own.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>().sqrt();
    let expected = expected.iter().map(|b| b * b).sum::<f64>().sqrt();
    dot / (own * expected)
}
