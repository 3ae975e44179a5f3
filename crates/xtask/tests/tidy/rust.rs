//! The parts of a Rust file that the tests look at: defined names, strings, comments, tests, public items.

use crate::tree::File;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A line number, from 1, and a text.
type Line = (usize, String);

/// The parts of one file.
#[derive(Default)]
pub struct RustFile {
    pub identifiers: Vec<Line>,
    /// String literals outside of tests that contain a space and are not SQL.
    pub strings: Vec<Line>,
    /// Blocks of consecutive comment lines, each as one text.
    pub comments: Vec<Line>,
    pub tests: Vec<Line>,
    pub public_items: usize,
    pub undocumented: Vec<Line>,
    in_test: bool,
}

impl RustFile {
    pub fn parse(file: &File) -> Self {
        let syntax =
            syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let mut parsed = Self { in_test: file.is_test(), ..Self::default() };
        parsed.comments = comments(&file.text);
        if !file.is_test() && !file.text.starts_with("//!") {
            parsed.undocumented.push((1, "the file".to_owned()));
        }
        parsed.visit_file(&syntax);
        parsed
    }

    fn define(&mut self, ident: &syn::Ident) {
        self.identifiers.push((ident.span().start().line, ident.to_string()));
    }

    fn public(&mut self, vis: &syn::Visibility, attrs: &[syn::Attribute], ident: &syn::Ident) {
        if !matches!(vis, syn::Visibility::Public(_)) || self.in_test {
            return;
        }
        self.public_items += 1;
        if !attrs.iter().any(|attribute| attribute.path().is_ident("doc")) {
            self.undocumented.push((ident.span().start().line, format!("`{ident}`")));
        }
    }

    fn string(&mut self, line: usize, value: String) {
        if !self.in_test && value.contains(' ') && !is_sql(&value) {
            self.strings.push((line, value));
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.string(line, text.value());
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn within_test(&mut self, is_test: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.in_test;
        self.in_test |= is_test;
        visit(self);
        self.in_test = before;
    }
}

fn is_sql(text: &str) -> bool {
    let keywords = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM",
        " WHERE ",
        "RETURNING ",
        " FROM ",
        "ORDER BY",
        "ON CONFLICT",
        "json_",
        "coalesce(",
        "CREATE ",
        "PRAGMA",
        " AND ",
        " = ?",
        "iif(",
        "WITH ",
        "JOIN ",
        "VALUES",
        " AS ",
        "LIMIT ",
        "GROUP BY",
        " SET ",
    ];
    keywords.iter().any(|keyword| text.contains(keyword))
}

fn is_test_cfg(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
    })
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attribute| attribute.path().is_ident("test"))
}

/// Comments by blocks: a block ends at the first line that is no comment.
fn comments(text: &str) -> Vec<Line> {
    let mut blocks: Vec<Line> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let Some(comment) = trimmed.strip_prefix("//") else {
            is_open = false;
            continue;
        };
        let comment = comment.trim_start_matches(['/', '!']).trim();
        match blocks.last_mut().filter(|_| is_open) {
            Some((_, block)) if !comment.is_empty() => {
                block.push(' ');
                block.push_str(comment);
            }
            _ => blocks.push((index + 1, comment.to_owned())),
        }
        is_open = !comment.is_empty();
    }
    blocks
}

/// The titles of `it("…")` and `test("…")` in TypeScript.
pub fn typescript_tests(text: &str) -> impl Iterator<Item = Line> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim_start();
        let call = ["it(", "test(", "bench("].iter().find_map(|call| line.strip_prefix(call))?;
        let quote = call.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
        let title = call[1..].split(quote).next()?;
        Some((index + 1, title.to_owned()))
    })
}

impl<'ast> Visit<'ast> for RustFile {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.define(&item.ident);
        self.within_test(is_test_cfg(&item.attrs), |file| visit::visit_item_mod(file, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.public(&item.vis, &item.attrs, &item.sig.ident);
        if is_test(&item.attrs) {
            self.tests.push((item.sig.ident.span().start().line, item.sig.ident.to_string()));
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.define(&signature.ident);
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.trait_.is_none() {
            for member in &item.items {
                match member {
                    syn::ImplItem::Fn(f) => self.public(&f.vis, &f.attrs, &f.sig.ident),
                    syn::ImplItem::Const(c) => self.public(&c.vis, &c.attrs, &c.ident),
                    _ => {}
                }
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.define(&item.ident);
        self.public(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_static(self, item);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.define(&variant.ident);
        // The texts of thiserror are attributes.
        for attribute in &variant.attrs {
            self.error_text(attribute);
        }
        visit::visit_variant(self, variant);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.define(ident);
        }
        visit::visit_field(self, field);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.define(&pattern.ident);
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.string(literal.span().start().line, literal.value());
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
}

impl RustFile {
    fn error_text(&mut self, attribute: &syn::Attribute) {
        if attribute.path().is_ident("error")
            && let syn::Meta::List(list) = &attribute.meta
        {
            self.tokens(list.tokens.clone());
        }
    }
}
