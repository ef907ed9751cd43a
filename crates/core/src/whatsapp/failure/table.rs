//! The error codes of the Graph API as data: what kind of failure each is, and who has to do what.
//!
//! From Meta's list of WhatsApp error codes (PROTOCOLS 1.9). What becomes of each kind is decided in
//! `failure.rs`.

#![expect(clippy::unreadable_literal, reason = "codes are looked up as they stand")]

/// A kind of failure: failures of one kind are treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Temporary.
    Passing,
    /// Temporary, but not over within seconds.
    Minutes,
    /// Throttled for an hour.
    Hour,
    /// Too many messages from one number to one customer.
    Pair,
    /// Too many messages from one number.
    Number,
    /// Too many calls of one account or app.
    Account,
    /// It stays as it is.
    Never,
    /// Only a template is allowed now.
    Template,
    /// The access token.
    Token,
    /// It stays as it is until somebody acts.
    Alert,
    /// The recipient has to be named by phone number.
    Phone,
    /// Nobody knows.
    Unknown,
}

/// Codes from `first` to `last`.
struct Row {
    first: i64,
    last: i64,
    class: Class,
    remedy: Option<&'static str>,
}

const fn one(code: i64, class: Class, remedy: Option<&'static str>) -> Row {
    Row { first: code, last: code, class, remedy }
}

const fn range(first: i64, last: i64, class: Class, remedy: Option<&'static str>) -> Row {
    Row { first, last, class, remedy }
}

/// For code 100 with subcode 33.
pub(super) const HIDDEN_OBJECT: Option<&str> = Some(
    "Meta knows no such id, or the access token may not see it: check the channel's phone_number_id and \
     business_account_id, and that the token belongs to the same business",
);

const TOKEN: Option<&str> = Some(
    "the access token is invalid or has expired: create one for a system user in Meta's business settings \
     and set it as the channel's access_token",
);
const PERMISSION: Option<&str> = Some(
    "the access token lacks a permission: give its system user whatsapp_business_messaging and \
     whatsapp_business_management for this business account",
);
const CALLS: Option<&str> = Some(
    "too many calls to the Graph API within the hour; sending goes on later by itself: if this comes back, \
     look for other programs that use the same Meta app",
);
const OUR_BUG: Option<&str> = Some(
    "Meta does not accept a value of the request, which is a defect of this program: report it with the code \
     and the trace",
);
const LOCKED: Option<&str> = Some(
    "Meta has blocked the account for breaking its policies: see the account's quality page in WhatsApp \
     Manager and ask for a review there",
);
const QUALITY: Option<&str> = Some(
    "Meta restricts the number because too many people blocked or reported it: stop sending what was not \
     asked for and see its quality rating in WhatsApp Manager",
);
const PAYMENT: Option<&str> =
    Some("Meta cannot charge the account: add or renew its payment method in Meta's billing settings");
const UNREGISTERED: Option<&str> =
    Some("the business number is not registered with the Cloud API: register it in WhatsApp Manager");
const TEMPLATE_TEXT: Option<&str> = Some(
    "the template filled with these values breaks Meta's rules on length, wording or format: compare it with \
     the template in WhatsApp Manager",
);
const FLOW: Option<&str> =
    Some("Meta holds back the flow that the template opens: see the flow's state in WhatsApp Manager");

/// By code; the first row that holds a code counts.
const TABLE: &[Row] = &[
    one(0, Class::Token, TOKEN),
    range(1, 2, Class::Passing, None),
    one(3, Class::Alert, PERMISSION),
    one(4, Class::Account, CALLS),
    one(10, Class::Alert, PERMISSION),
    one(
        33,
        Class::Never,
        Some("Meta knows no such business number, or it was deleted: check the channel's phone_number_id"),
    ),
    one(100, Class::Never, OUR_BUG),
    one(190, Class::Token, TOKEN),
    range(200, 299, Class::Alert, PERMISSION),
    one(368, Class::Alert, LOCKED),
    // 80008 is not in Meta's WhatsApp list; its reference of the account's templates has it.
    range(80007, 80008, Class::Account, CALLS),
    one(130429, Class::Number, None),
    one(130472, Class::Never, None),
    one(
        130497,
        Class::Alert,
        Some("Meta does not let this business write to customers of this country: see its rules on commerce"),
    ),
    one(131000, Class::Passing, None),
    one(131005, Class::Alert, PERMISSION),
    range(131008, 131009, Class::Never, OUR_BUG),
    one(131016, Class::Passing, None),
    one(131021, Class::Never, Some("the recipient is the business number itself: try with another phone")),
    one(131026, Class::Never, None),
    one(
        131030,
        Class::Never,
        Some(
            "a test number writes only to the recipients on its list: add this one in the app's dashboard, \
             or use a business number",
        ),
    ),
    one(131031, Class::Alert, LOCKED),
    one(
        131037,
        Class::Alert,
        Some("the number's display name is not approved: have it approved in WhatsApp Manager"),
    ),
    one(131042, Class::Alert, PAYMENT),
    one(131044, Class::Alert, PAYMENT),
    one(131045, Class::Alert, UNREGISTERED),
    one(131047, Class::Template, None),
    one(131048, Class::Alert, QUALITY),
    range(131049, 131050, Class::Never, None),
    range(131051, 131053, Class::Never, None),
    one(131056, Class::Pair, None),
    one(131057, Class::Minutes, None),
    one(131062, Class::Phone, None),
    one(131064, Class::Alert, QUALITY),
    one(
        132000,
        Class::Alert,
        Some("the template takes another number of values: compare it with the template in WhatsApp Manager"),
    ),
    one(
        132001,
        Class::Alert,
        Some(
            "there is no approved template of this name in this language: check name, language and approval \
             in WhatsApp Manager",
        ),
    ),
    one(
        132015,
        Class::Alert,
        Some("Meta paused the template because customers disliked it: change it, or use another"),
    ),
    one(
        132016,
        Class::Alert,
        Some("Meta disabled the template for good: create another and set it in its place"),
    ),
    range(132000, 132016, Class::Alert, TEMPLATE_TEXT),
    one(132068, Class::Alert, FLOW),
    one(132069, Class::Hour, FLOW),
    one(133010, Class::Alert, UNREGISTERED),
    one(137000, Class::Never, None),
];

fn row(code: i64) -> Option<&'static Row> {
    TABLE.iter().find(|row| (row.first..=row.last).contains(&code))
}

/// The kind of failure that a code stands for; `None` for a code that the table does not have.
pub(super) fn class_of(code: i64) -> Option<Class> {
    row(code).map(|row| row.class)
}

/// What is wrong and what to do, for codes where the operator can do something: one sentence, without a
/// full stop.
pub fn explain(code: i64) -> Option<&'static str> {
    row(code)?.remedy
}
