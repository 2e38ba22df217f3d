//! The input of `module!`, between its parentheses.

use callpy_codegen::{Declared, Usages};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Token, Type, Visibility, braced, bracketed, parenthesized};

/// `[$crate] pub mod outliers = "python/outliers.py", reload { fn raw(data: &[f64]); }`
pub(crate) struct Invocation {
    pub(crate) callpy: TokenStream,
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    pub(crate) file: LitStr,
    pub(crate) reload: bool,
    pub(crate) import: Option<LitStr>,
    pub(crate) python_name: Option<String>,
    pub(crate) declared: Vec<Declared>,
    pub(crate) usages: Usages,
    pub(crate) skip: Vec<String>,
}

impl Parse for Invocation {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let callpy;
        bracketed!(callpy in input);
        let callpy = callpy.parse()?;
        let attributes = attributes(input)?;
        let visibility: Visibility = input.parse()?;
        if !input.peek(Token![mod]) {
            return Err(input.error(
                "expected a module and its file: `pub mod outliers = \"python/outliers.py\"`",
            ));
        }
        input.parse::<Token![mod]>()?;
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        let file = input.parse()?;
        let mut invocation = Invocation {
            callpy,
            attributes,
            visibility: visibility.into_token_stream(),
            name,
            file,
            reload: false,
            import: None,
            python_name: None,
            declared: Vec::new(),
            usages: Usages::default(),
            skip: Vec::new(),
        };
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.is_empty() || input.peek(syn::token::Brace) {
                break;
            }
            invocation.option(input)?;
        }
        if input.peek(syn::token::Brace) {
            let functions;
            braced!(functions in input);
            while !functions.is_empty() {
                invocation.declared.push(declared(&functions)?);
            }
        }
        input.parse::<Option<Token![;]>>()?;
        match input.is_empty() {
            true => Ok(invocation),
            false => Err(input.error(
                "expected `, reload`, `, name = \"…\"`, `, import = \"…\"`, `, retains = […]`, \
                 `, lends = […]`, `, skip = […]`, or functions in braces",
            )),
        }
    }
}

impl Invocation {
    fn option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = input.call(Ident::parse_any)?;
        match &name.to_string()[..] {
            "reload" => self.reload = true,
            "import" => {
                input.parse::<Token![=]>()?;
                self.import = Some(input.parse()?);
            }
            "name" => {
                input.parse::<Token![=]>()?;
                self.python_name = Some(python_name(&input.parse()?)?);
            }
            "retains" => self.usages.retains.extend(names(input)?),
            "lends" => self.usages.lends.extend(names(input)?),
            "skip" => self.skip.extend(names(input)?),
            _ => {
                return Err(syn::Error::new(
                    name.span(),
                    "unknown option; expected `reload` (read the file at each start), \
                     `name = \"…\"` (the module's name in Python), \
                     `import = \"package.module\"` (let Python find the module), `retains = [function]` \
                     or `lends = [function]` (what functions do with their arguments), `skip = [name]` (what \
                     is left out)",
                ));
            }
        }
        let message = match self {
            Invocation { import: Some(_), reload: true, .. } => {
                "`reload` has no effect with `import`, because Python itself reads the module: remove `reload`"
            }
            Invocation { import: Some(_), python_name: Some(_), .. } => {
                "a module that is imported has the name by which Python finds it: remove `name`"
            }
            _ => return Ok(()),
        };
        Err(syn::Error::new(name.span(), message))
    }
}

/// Checks that Python can import a module of this name, which loading it would find out otherwise.
fn python_name(literal: &LitStr) -> syn::Result<String> {
    let name = literal.value();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    match !name.is_empty() && name.chars().all(is_letter) {
        true => Ok(name),
        false => Err(syn::Error::new(
            literal.span(),
            "a module's name in Python consists of letters, digits and _ only",
        )),
    }
}

/// Reads `= [fit, Model.predict]`.
fn names(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    input.parse::<Token![=]>()?;
    let list;
    bracketed!(list in input);
    let mut names = Vec::new();
    while !list.is_empty() {
        let mut name = Ident::parse_any(&list)?.unraw().to_string();
        while list.peek(Token![.]) {
            list.parse::<Token![.]>()?;
            name += &format!(".{}", Ident::parse_any(&list)?.unraw());
        }
        names.push(name);
        if !list.is_empty() {
            list.parse::<Token![,]>()?;
        }
    }
    Ok(names)
}

fn attributes(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    Ok(input.call(Attribute::parse_outer)?.iter().map(ToTokens::to_token_stream).collect())
}

/// Reads `fn raw(data: &[f64]) -> Array<i64>;`.
fn declared(input: ParseStream<'_>) -> syn::Result<Declared> {
    let attributes = attributes(input)?;
    // Ignored: all functions are public, and the visibility of the module is the one that counts.
    input.parse::<Visibility>()?;
    input.parse::<Token![fn]>()?;
    let name = input.parse()?;
    let list;
    parenthesized!(list in input);
    let mut parameters = Vec::new();
    while !list.is_empty() {
        let parameter: Ident = list.parse()?;
        list.parse::<Token![:]>()?;
        let ty: Type = list.parse()?;
        parameters.push((parameter, ty.into_token_stream()));
        if !list.is_empty() {
            list.parse::<Token![,]>()?;
        }
    }
    let result = match input.peek(Token![->]) {
        true => {
            input.parse::<Token![->]>()?;
            input.parse::<Type>()?.into_token_stream()
        }
        false => quote!(()),
    };
    input.parse::<Token![;]>()?;
    Ok(Declared { attributes, name, parameters, result })
}
