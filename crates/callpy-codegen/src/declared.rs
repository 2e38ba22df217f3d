//! Functions declared by hand: `fn raw(data: &[f64]) -> Array<i64>;`.

use callpy_signature::{Module, ParameterKind};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::doc;

/// A function declared by hand. Its types are the user's own; callpy's conversions decide what they
/// are in Python.
pub struct Declared {
    /// Attributes and docs.
    pub attributes: TokenStream,
    /// The name, as in Python.
    pub name: Ident,
    /// The parameters: those with a default in Python may be left out.
    pub parameters: Vec<(Ident, TokenStream)>,
    /// The result: `()` if none is written.
    pub result: TokenStream,
}

impl Declared {
    pub(crate) fn python_name(&self) -> String {
        text(&self.name)
    }

    /// Writes the function, or says why Python's can't be called so.
    pub(crate) fn generate(
        &self,
        module: &Module,
        callpy: &TokenStream,
        file: &str,
        check: bool,
    ) -> Result<TokenStream, (Option<usize>, String)> {
        let python_name = self.python_name();
        let Some(function) = module.function(&python_name) else {
            let mut names: Vec<&str> =
                module.functions.iter().map(|function| &function.name[..]).collect();
            names.truncate(8);
            let has = match names.is_empty() {
                true => "it has no functions".to_owned(),
                false => format!("it has {}", names.join(", ")),
            };
            return Err((None, format!("there is no function `{python_name}` to declare; {has}")));
        };
        let line = function.name_span.start.line;
        if function.is_async {
            let message = format!(
                "`{python_name}` is an async function, which can't be called yet: wrap it in a plain one \
                 (`return asyncio.run({python_name}(…))`) and declare that"
            );
            return Err((Some(line), message));
        }
        let python = crate::function::python(function);
        let mut places = Vec::new();
        let mut given = Vec::new();
        for (index, (name, _)) in self.parameters.iter().enumerate() {
            let key = text(name);
            let same = function.parameters.iter().find(|parameter| {
                let star = matches!(
                    parameter.kind,
                    ParameterKind::VarPositional | ParameterKind::VarKeyword
                );
                parameter.name == key && !star
            });
            match same {
                Some(parameter) => {
                    given.push(&parameter.name);
                    let in_place = function.parameters.get(index).is_some_and(|p| p.name == key);
                    match parameter.kind {
                        ParameterKind::PositionalOnly if !in_place => {
                            let message = format!(
                                "`{key}` can be given by position only, and stands elsewhere in `{python}`"
                            );
                            return Err((Some(line), message));
                        }
                        ParameterKind::PositionalOnly => {
                            places.push(quote!(__call.positional(#name)?;))
                        }
                        ParameterKind::PositionalOrKeyword if in_place => {
                            places.push(quote!(__call.positional(#name)?;));
                        }
                        _ => places.push(quote!(__call.named(#key, #name)?;)),
                    }
                }
                None => {
                    let message = format!(
                        "`{python_name}` is declared with a parameter `{key}`, and Python has `{python}`: \
                         declare it with the names of Python's parameters"
                    );
                    return Err((Some(line), message));
                }
            }
        }
        let is_missing = |parameter: &&callpy_signature::Parameter| {
            let star =
                matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
            parameter.default.is_none() && !star && !given.contains(&&parameter.name)
        };
        if let Some(missing) = function.parameters.iter().find(is_missing) {
            let message = format!(
                "`{python_name}` is declared without the parameter `{}`, which has no default in `{python}`",
                missing.name
            );
            return Err((Some(line), message));
        }
        let signature = crate::function::signature(&function.parameters);
        let Declared { attributes, name, result, .. } = self;
        let (names, types): (Vec<_>, Vec<_>) =
            self.parameters.iter().map(|(name, ty)| (name, ty)).unzip();
        let text = doc::docstring(function.docstring.as_deref()).unwrap_or_default();
        let docs = doc::attributes(
            format!("{text}\n{}, line {} of {}.", doc::code(&python), line, doc::code(file))
                .trim_start_matches('\n'),
        );
        Ok(quote! {
            #attributes
            #docs
            pub fn #name(#(#names: #types),*) -> #callpy::Result<#result> {
                static __FUNCTION: #callpy::generated::Function = #callpy::generated::Function::new(
                    &super::__MODULE, #python_name, #signature, #check,
                );
                __FUNCTION.call(|__call| { #(#places)* ::core::result::Result::Ok(()) })
            }
        })
    }
}

/// Returns a name without `r#`.
fn text(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}
