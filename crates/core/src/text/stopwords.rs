//! Stop words, folded (lower case, no accents), as customers write them.
//!
//! Function words tell languages apart and are not searched for; courtesy words are not searched
//! for either, but are weak evidence of a language. Nouns and verbs of business are never here.

use crate::model::Locale;

const PORTUGUESE: &str = "a ao aos aquela aquelas aquele aqueles aquilo as ate com como da das de dela delas dele \
deles do dos e ela elas ele eles em entre era eram essa essas esse esses esta estao estas estava este estes estou eu \
foi foram ha isso isto ja la lhe lhes mais mas me mesmo meu meus minha minhas muito muita na nao nas nem no nos nossa \
nossas nosso nossos num numa o onde os ou para pela pelas pelo pelos por porque pra pro qual quais quando quanto \
quanta quantos quantas que quem se sem ser sera seu seus so sobre sua suas tambem te tem tenho teve tinha um uma uns \
umas vai vc vcs voce voces vou eh q pq ta to tah pode posso podem deve sao seja sejam sendo estar ter tive fica aqui \
ali entao alem cada depois antes apos durante ainda algum alguma alguns algumas outro outra outros outras todo toda \
todos todas caso dai desde enquanto nisso nesse nessa neste nesta desse dessa deste desta disso disto algo contra nada tu";

const PORTUGUESE_COURTESY: &str = "oi ola obrigado obrigada favor gostaria queria saber dizer poderia poderiam \
gente pessoal ai ne eai opa porfavor pfv pf vlw qro";

const ENGLISH: &str = "a about after all am an and any are as at be because been before being but by can could did \
do does doing for from had has have having he her here hers him his how i if in into is it its just me my no nor not \
of off on once only or other our ours out over own shall she should so some such than that the their them then there \
these they this those to too under until up very was we were what when where which while who whom why will with would \
you your yours don doesn didn isn aren wasn weren won couldn shouldn wouldn hasn haven dont doesnt cant whats wheres \
hows theres thats youre";

const ENGLISH_COURTESY: &str =
    "hi hello hey please thanks thank know tell want like im id ive u ur pls plz thx lets";

const SPANISH: &str = "a al algo algunas algunos ante antes como con contra cual cuales cuando cuanto cuanta cuantos \
de del desde donde durante e el ella ellas ellos en entre era es esa esas ese eso esos esta estan estas este esto estos \
fue ha hacia han hasta hay la las le les lo los mas me mi mis mucho muy nada ni no nos nosotros o os otra otro para \
pero poco por porque puede puedo que quien se ser si sin sobre son su sus tambien te tener tengo tiene tienen toda \
todas todo todos tu tus un una unas uno unos usted ustedes y ya yo";

const SPANISH_COURTESY: &str = "hola gracias favor quisiera saber quiero";

fn lists(language: Locale) -> (&'static str, &'static str) {
    match language {
        Locale::Portuguese => (PORTUGUESE, PORTUGUESE_COURTESY),
        Locale::English => (ENGLISH, ENGLISH_COURTESY),
        Locale::Spanish => (SPANISH, SPANISH_COURTESY),
    }
}

type Words = std::collections::HashSet<&'static str>;

fn sets(language: Locale) -> &'static (Words, Words) {
    use std::sync::OnceLock;
    static SETS: [OnceLock<(Words, Words)>; Locale::ALL.len()] =
        [const { OnceLock::new() }; Locale::ALL.len()];
    let slot = match language {
        Locale::Portuguese => 0,
        Locale::English => 1,
        Locale::Spanish => 2,
    };
    SETS[slot].get_or_init(|| {
        let (function, courtesy) = lists(language);
        (function.split_whitespace().collect(), courtesy.split_whitespace().collect())
    })
}

/// Whether a folded word is a function word of `language`.
pub(super) fn is_function_word(folded: &str, language: Locale) -> bool {
    sets(language).0.contains(folded)
}

/// Whether a folded word is not worth searching for in `language`.
pub(super) fn is_stop_word(folded: &str, language: Locale) -> bool {
    let (function, courtesy) = sets(language);
    function.contains(folded) || courtesy.contains(folded)
}
