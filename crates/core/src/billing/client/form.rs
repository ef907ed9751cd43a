//! What is sent to Stripe: pairs, with brackets in the names of what is nested.

use reqwest::Url;

/// Pairs in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Adds a pair; a name such as `metadata[organizationId]` comes as it is.
    pub fn add(&mut self, name: &str, value: &str) -> &mut Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As `application/x-www-form-urlencoded`.
    pub fn encode(&self) -> String {
        // Only the query matters; the rest makes it a URL.
        let Ok(mut url) = Url::parse("http://localhost/") else { return String::new() };
        url.query_pairs_mut().extend_pairs(&self.0);
        url.query().unwrap_or_default().to_owned()
    }

    /// Puts the pairs into an address.
    pub(super) fn write_into(&self, url: &mut Url) {
        if !self.0.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_brackets_and_values_every_character() {
        let mut form = Form::default();
        form.add("metadata[organizationId]", "o-1").add("name", "Padaria São João & Cia. + 1=2");
        assert_eq!(
            form.encode(),
            "metadata%5BorganizationId%5D=o-1&name=Padaria+S%C3%A3o+Jo%C3%A3o+%26+Cia.+%2B+1%3D2"
        );
        assert_eq!(Form::default().encode(), "");
    }
}
