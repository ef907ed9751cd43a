//! Vectors from words: similar texts get similar vectors, without a model.

/// The vector of a text: every word, and with less weight every group of three letters, adds to a
/// component that its hash chooses. Unit length; the same for the same text everywhere.
pub fn embedding_of(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions.max(1)];
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(&mut vector, word, 1.0);
        let letters: Vec<char> = word.chars().collect();
        for group in letters.windows(3) {
            add(&mut vector, &group.iter().collect::<String>(), 0.3);
        }
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for x in &mut vector {
            *x /= length;
        }
    } else if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
    vector
}

fn add(vector: &mut [f32], word: &str, weight: f32) {
    let hash = hash(word);
    let places = vector.len() as u64;
    let sign = if hash >> 63 == 0 { weight } else { -weight };
    if let Some(component) = usize::try_from(hash % places).ok().and_then(|at| vector.get_mut(at)) {
        *component += sign;
    }
}

/// FNV-1a: the standard library's hashers may change between versions.
fn hash(word: &str) -> u64 {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    // The low bits of FNV of short words are poorly spread.
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_texts_are_closer_than_others() {
        let of = |text| embedding_of(text, 256);
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let question = of("Qual é o prazo de entrega?");
        let near = cosine(&question, &of("O prazo de entrega é de cinco dias."));
        let far = cosine(&question, &of("Aceitamos cartões e boletos."));
        assert!(near > 0.4 && far < 0.2, "{near} {far}");
        assert!((cosine(&question, &question) - 1.0).abs() < 1e-5);
    }
}
