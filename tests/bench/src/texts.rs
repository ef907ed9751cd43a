//! Made-up texts, the same in every run: words of a pet shop's papers in sentences that look like
//! Portuguese to a tokenizer and mean nothing.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result};

// Choices, separated by bars.
const THINGS: &str = "\
    ração|entrega|cachorro|gato|coleira|banho|tosa|consulta|vacina|loja|pedido|pagamento|cartão|\
    boleto|desconto|prazo|troca|devolução|garantia|fornecedor|estoque|embalagem|filhote|aquário|\
    brinquedo|tapete|areia|veterinário|agendamento|cancelamento|endereço|bairro|frete|cliente|\
    atendente|assinatura|mensalidade|nota fiscal|horário|feriado|domingo|medicamento|antipulgas|\
    vermífugo|petisco|sachê|transportadora|recibo|orçamento|cirurgia|exame|carteirinha|tutor|\
    hospedagem|creche|adestramento";
const DOINGS: &str = "\
    precisa apresentar|pode solicitar|recebe|acompanha|substitui|inclui|exige|confirma|altera|\
    depende de|não cobre|deve informar|costuma preferir|agenda|retira|cancela|devolve|recomenda|\
    oferece|aceita|garante|prorroga|consulta|encaminha";
const MANNERS: &str = "\
    gratuito|parcelado|disponível|obrigatório|refrigerado|importado|hipoalergênico|sob encomenda|\
    com antecedência|sem custo adicional|no mesmo dia|em até 48 horas|durante a semana|aos sábados|\
    mediante comprovante|por telefone|pelo aplicativo|na primeira visita|conforme a tabela|\
    acima de R$ 149,90|para animais idosos|de pequeno porte|com receita|dentro da validade|\
    em perfeito estado|a partir das 9h|até as 18h30|na unidade central";
const JOINTS: &str = "e|mas|quando|porque|enquanto|embora|desde que|portanto|além disso|caso|ou|assim que";

/// A small generator (splitmix64): the same texts and vectors everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 to `end`, without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.unit() * end as f64) as usize).min(end - 1)
    }

    fn pick(&mut self, from: &'static str) -> &'static str {
        let place = self.below(from.split('|').count());
        from.split('|').nth(place).unwrap_or_default()
    }

    /// Normally distributed, around 0 and of variance 1.
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        (radius * (std::f64::consts::TAU * self.unit()).cos()) as f32
    }
}

/// A sentence of about ten to twenty words.
fn sentence(random: &mut Random) -> String {
    let article = |thing: &str| if thing.ends_with('a') { "a" } else { "o" };
    let mut text = String::new();
    for clause in 0..=random.below(3) {
        let (one, other) = (random.pick(THINGS), random.pick(THINGS));
        if clause > 0 {
            text.push_str(&format!(", {} ", random.pick(JOINTS)));
        }
        text.push_str(&format!(
            "{} {one} {} {} {other} {}",
            article(one),
            random.pick(DOINGS),
            article(other),
            random.pick(MANNERS)
        ));
    }
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// A text of about `words` words, cut where the words end.
pub fn text(random: &mut Random, words: usize) -> String {
    let mut taken: Vec<String> = Vec::new();
    while taken.len() < words {
        taken.extend(sentence(random).split(' ').map(str::to_owned));
    }
    taken.truncate(words);
    taken.join(" ")
}

/// Texts with a number of words within `words`.
pub fn texts(seed: u64, count: usize, words: RangeInclusive<usize>) -> Vec<String> {
    let mut random = Random::new(seed);
    let span = words.end() - words.start() + 1;
    (0..count)
        .map(|_| {
            let words = words.start() + random.below(span);
            text(&mut random, words)
        })
        .collect()
}

/// A document of about `bytes` bytes in paragraphs of five sentences.
pub fn document(random: &mut Random, bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + 1024);
    while out.len() < bytes {
        let paragraph: Vec<String> = (0..5).map(|_| sentence(random)).collect();
        out.push_str(&paragraph.join(" "));
        out.push_str("\n\n");
    }
    out
}

/// Writes `count` documents below `folder`, a hundred in each folder.
pub fn write_documents(folder: &Path, seed: u64, count: usize, bytes: usize) -> Result<()> {
    let mut random = Random::new(seed);
    for number in 0..count {
        let place = folder.join(format!("pasta-{:03}", number / 100));
        std::fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
        let file = place.join(format!("documento-{number:05}.txt"));
        let text = format!("Este é o documento {number}.\n\n{}", document(&mut random, bytes));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
