//! Things that every customer asks a business for, and the words people use for them.
//!
//! A document says "funcionamos das 8h às 18h" and "R$ 45,00"; the customer asks "que horas abre" and "quanto
//! custa". Words of one concept stand for each other when a question is searched for, in Portuguese and in English
//! at once, and what a passage shows (a price, a time of day) counts as if it had the word. Only what businesses of
//! any kind are asked is here: the words of a trade are in its documents.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use chrono::Weekday;

use super::stem::stem;
use crate::model::Locale;

/// What a passage shows that answers without naming what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// An amount of money.
    Price,
    /// A time of day.
    Time,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The name of a street, a postal code.
    Address,
    /// A day of the week, by itself or within a range.
    Day(Weekday),
}

/// Words that stand for each other, folded.
struct Concept {
    portuguese: &'static str,
    english: &'static str,
    sign: Option<Sign>,
}

const fn concept(portuguese: &'static str, english: &'static str, sign: Option<Sign>) -> Concept {
    Concept { portuguese, english, sign }
}

const CONCEPTS: [Concept; 30] = [
    concept(
        "preco valor custa custo custar cobra cobrar tarifa tabela reais real",
        "price cost fee rate charge pricing expensive cheap euro",
        Some(Sign::Price),
    ),
    concept(
        "horario hora abre abrir aberto fecha fechar funciona funcionamento atende atendimento expediente",
        "hours hour open opening opens close closing closes time",
        Some(Sign::Time),
    ),
    concept(
        "endereco localizacao localizado localizada rua avenida chegar fica",
        "address location located street directions where",
        Some(Sign::Address),
    ),
    concept(
        "telefone fone celular whatsapp whats zap contato ligar",
        "phone telephone contact call mobile",
        Some(Sign::Phone),
    ),
    concept("email mail", "email mail", Some(Sign::Email)),
    concept("pagamento pagar", "payment pay", None),
    concept("cartao credito debito", "card credit debit", None),
    concept("parcela parcelar parcelamento prestacao vezes", "instalment installment", None),
    concept("desconto promocao oferta cupom promo", "discount promotion offer deal coupon voucher", None),
    concept("entrega entregar frete envio enviar delivery", "delivery deliver shipping ship postage", None),
    concept("troca trocar devolucao devolver", "exchange return", None),
    concept("reembolso reembolsar estorno estornar ressarcimento devolucao", "refund reimburse money", None),
    concept("cancelar cancelamento desmarcar desistir desistencia", "cancel cancellation", None),
    concept(
        "agendar agendamento marcar marcacao reservar reserva",
        "book booking appointment reserve reservation schedule",
        None,
    ),
    concept("reagendar remarcar remarcacao adiar", "reschedule rebook postpone", None),
    concept("prazo demora demorar tempo", "long deadline days", None),
    concept(
        "garantia defeito estragar quebrar conserto consertar",
        "warranty guarantee defect faulty broken repair",
        None,
    ),
    concept("estacionamento estacionar vaga garagem", "parking park car", None),
    concept("wifi internet wi fi", "wifi internet wi fi", None),
    concept("crianca filho filha bebe menino menina infantil", "child children kid baby infant", None),
    concept("pet animal cachorro cao gato bicho", "pet animal dog cat", None),
    concept("convenio plano seguro", "insurance plan", None),
    concept("mensalidade mensal mes", "membership monthly month", None),
    concept("nota fiscal recibo nfe", "invoice receipt", None),
    concept("dinheiro especie vista", "cash", None),
    concept("cafe manha desjejum", "breakfast", None),
    concept("feriado", "holiday", None),
    concept("sabado fds", "saturday weekend", None),
    concept("domingo fds", "sunday weekend", None),
    concept("aniversario niver", "birthday", None),
];

/// Words about a question rather than its subject: that a passage lacks one says little.
const SOFT_PORTUGUESE: &str = "aceita oferece vende trabalha existe possui fornece disponibiliza usar utiliza comprar \
compra fazer faz fazem precisa necessario levar trazer funciona conseguir chegar serve vale tipo forma maneira opcao \
possivel permitido permite dar ver achar encontrar falar avisar atende quero comprei paguei";
const SOFT_ENGLISH: &str = "offer provide accept allow sell need get buy use make take bring available possible want \
have find see way kind type option work bought paid offers";

/// Words of a question that no passage answers by having them.
const NOISE_PORTUGUESE: &str = "bem bom boa hoje hj amanha ontem agora semana passada logo aqui oq tb tbm tbem mto mta dps tao \
kd cade msm qto qnto qnt qts qual quero queria preciso precisava consigo consegue conseguem conseguiria duvida duvidas \
informacao informacoes ajuda ajudar entao tipo hein viu kkkkk rsrsrs moco moca senhor senhora amigo amiga gnt vcs cmg \
comigo nao n s eh soube sei acho quase certeza alguem";
const NOISE_ENGLISH: &str = "today tomorrow yesterday now much many anyone someone something sure just question wondering \
guys mate lads help know";

/// Short forms of a chat, written out.
const WRITTEN_OUT: [(&str, &str); 22] = [
    ("sab", "sabado"),
    ("dom", "domingo"),
    ("seg", "segunda"),
    ("qua", "quarta"),
    ("qui", "quinta"),
    ("sex", "sexta"),
    ("tel", "telefone"),
    ("end", "endereco"),
    ("ender", "endereco"),
    ("pgto", "pagamento"),
    ("pagto", "pagamento"),
    ("cel", "celular"),
    ("wpp", "whatsapp"),
    ("zap", "whatsapp"),
    ("vlr", "valor"),
    ("apto", "apartamento"),
    ("promo", "promocao"),
    ("hr", "hora"),
    ("hrs", "horas"),
    ("niver", "aniversario"),
    ("refri", "refrigerante"),
    ("cc", "cartao"),
];

/// A concept as a question meets it.
pub(super) struct Known {
    /// Which one.
    pub id: usize,
    /// Stems of its words in every language.
    pub stems: &'static [String],
    /// What a passage shows that has it.
    pub sign: Option<Sign>,
}

struct Tables {
    /// By language and stem.
    concepts: HashMap<(Locale, String), usize>,
    stems: Vec<Vec<String>>,
    soft: HashSet<(Locale, String)>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut concepts = HashMap::new();
        let mut stems = Vec::new();
        for (id, concept) in CONCEPTS.iter().enumerate() {
            let mut own = Vec::new();
            for (language, words) in
                [(Locale::Portuguese, concept.portuguese), (Locale::English, concept.english)]
            {
                for word in words.split_whitespace() {
                    let stem = stem(word, language);
                    // The first concept that has a word keeps it.
                    concepts.entry((language, stem.clone())).or_insert(id);
                    if !own.contains(&stem) {
                        own.push(stem);
                    }
                }
            }
            stems.push(own);
        }
        let soft = [(Locale::Portuguese, SOFT_PORTUGUESE), (Locale::English, SOFT_ENGLISH)];
        let soft = soft.into_iter().flat_map(|(language, words)| {
            words.split_whitespace().map(move |word| (language, stem(word, language)))
        });
        Tables { concepts, stems, soft: soft.collect() }
    })
}

/// The concept of a folded word: of `language`, or else of another one, for a short question does not say in
/// which it is.
pub(super) fn concept_of(folded: &str, language: Locale) -> Option<Known> {
    let tables = tables();
    let languages = [language, Locale::Portuguese, Locale::English];
    let id = languages.iter().find_map(|l| tables.concepts.get(&(*l, stem(folded, *l))))?;
    Some(Known { id: *id, stems: &tables.stems[*id], sign: CONCEPTS[*id].sign })
}

/// The concept that a stem of `language` belongs to.
pub(super) fn concept_of_stem(stem: &str, language: Locale) -> Option<Known> {
    let tables = tables();
    let id = tables.concepts.get(&(language, stem.to_owned()))?;
    Some(Known { id: *id, stems: &tables.stems[*id], sign: CONCEPTS[*id].sign })
}

/// Concepts that are subjects of their own: what else they could be asked about is said in other words. A price, hours,
/// a day, a discount are asked of something.
const SUBJECTS: [&str; 18] = [
    "endereco",
    "telefone",
    "email",
    "pagamento",
    "cartao",
    "entrega",
    "troca",
    "reembolso",
    "cancelar",
    "agendar",
    "reagendar",
    "garantia",
    "estacionamento",
    "wifi",
    "convenio",
    "nota",
    "dinheiro",
    "cafe",
];

/// Whether a folded word names something that is asked about by itself: delivery, payment, parking.
pub(super) fn is_subject(folded: &str, language: Locale) -> bool {
    let Some(known) = concept_of(folded, language) else { return false };
    SUBJECTS
        .iter()
        .any(|word| concept_of(word, Locale::Portuguese).is_some_and(|subject| subject.id == known.id))
}

/// Whether a folded word is about the question rather than its subject.
pub(super) fn is_soft(folded: &str, language: Locale) -> bool {
    tables().soft.contains(&(language, stem(folded, language)))
}

/// Whether a folded word of a question is not worth searching for.
pub(super) fn is_noise(folded: &str, language: Locale) -> bool {
    let words = match language {
        Locale::Portuguese => NOISE_PORTUGUESE,
        Locale::English => NOISE_ENGLISH,
        Locale::Spanish => return false,
    };
    words.split_whitespace().any(|word| word == folded)
}

/// A folded word, written out if it is a short form.
pub(super) fn written_out(folded: &str, language: Locale) -> &str {
    if language != Locale::Portuguese {
        return folded;
    }
    WRITTEN_OUT.iter().find(|(short, _)| *short == folded).map_or(folded, |(_, word)| word)
}
