//! Functions declared by hand: `fn raw(data: &[f64]) -> Array<i64>;`.

use callpy_signature::{Function, Module, Parameter, ParameterKind, Usage};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::doc;
use crate::python::{self, signature};
use crate::report::unknown_function;
use crate::{Input, Loading};

/// A function declared by hand. Its types are the user's own, and callpy's conversions decide what they
/// become in Python.
pub struct Declared {
    /// Attributes and docs.
    pub attributes: TokenStream,
    /// The name, as in Python.
    pub name: Ident,
    /// The parameters with their types. Those with a default in Python may be missing.
    pub parameters: Vec<(Ident, TokenStream)>,
    /// The type of the result: `()` if none is written.
    pub result: TokenStream,
}

impl Declared {
    pub(crate) fn python_name(&self) -> String {
        text(&self.name)
    }

    /// Writes the function and what Python's function is called through, or returns why it can't be called
    /// like this, with its line. `place` is its place among the functions of the module, whose type is
    /// `functions`.
    pub(crate) fn generate(
        &self,
        module: &Module,
        callpy: &TokenStream,
        input: &Input,
        usage: Option<Usage>,
        (functions, place): (&Ident, usize),
    ) -> Result<(TokenStream, TokenStream), (Option<usize>, String)> {
        let (file, check) = (&input.file, matches!(input.loading, Loading::Imported { .. }));
        let python_name = self.python_name();
        let function = module
            .function(&python_name)
            .ok_or_else(|| (None, unknown_function(&python_name, module)))?;
        let line = function.name_span.start.line;
        let arguments = self.arguments(function).map_err(|message| (Some(line), message))?;
        let python = signature(function);
        let parameters = python::parameters(&function.parameters);
        let usage = super::function::usage(usage);
        let Declared { attributes, name, result, .. } = self;
        let (names, types): (Vec<_>, Vec<_>) =
            self.parameters.iter().map(|(name, ty)| (name, ty)).unzip();
        let text = doc::docstring(function.docstring.as_deref()).unwrap_or_default();
        let docs = doc::attributes(
            format!("{text}\n{}, line {} of {}.", doc::code(&python), line, doc::code(file))
                .trim_start_matches('\n'),
        );
        let calls = doc::attributes(&format!("Calls [`{name}`]({python_name})."));
        let code = quote! {
            #attributes
            #docs
            #[track_caller]
            pub fn #name(#(#names: #types),*) -> #callpy::Result<#result> {
                super::__HERE.#name(#(#names),*)
            }
            impl super::#functions {
                #calls
                #[track_caller]
                pub fn #name(&self, #(#names: #types),*) -> #callpy::Result<#result> {
                    self.__functions.call(#place, |__call| {
                        #(#arguments)*
                        ::core::result::Result::Ok(())
                    })
                }
            }
        };
        let declaration = quote! {
            #callpy::generated::Function::new(&__MODULE, #python_name, #parameters, #check)#usage
        };
        Ok((code, declaration))
    }

    /// Writes the statements that pass the arguments, by position if possible.
    fn arguments(&self, function: &Function) -> Result<Vec<TokenStream>, String> {
        let (python_name, python) = (&function.name, signature(function));
        if function.is_async {
            return Err(format!(
                "`{python_name}` is async, and async functions can't be called yet: wrap it in a plain \
                 function (`return asyncio.run({python_name}(…))`) and declare that"
            ));
        }
        let mut statements = Vec::new();
        for (index, (name, _)) in self.parameters.iter().enumerate() {
            let key = text(name);
            let Some(at) = function
                .parameters
                .iter()
                .position(|parameter| parameter.name == key && !is_star(parameter))
            else {
                return Err(format!(
                    "`{python_name}` is declared with a parameter `{key}`, but Python has `{python}`: use \
                     the names of Python's parameters"
                ));
            };
            // By position where the places agree, since that is the fastest call.
            statements.push(match function.parameters[at].kind {
                ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword if at == index => {
                    quote!(__call.positional(#name)?;)
                }
                ParameterKind::PositionalOnly => {
                    return Err(format!(
                        "`{key}` can only be passed by position, so declare it in the place that it has in \
                         `{python}`"
                    ));
                }
                _ => quote!(__call.named(#key, #name)?;),
            });
        }
        let is_declared = |name: &str| self.parameters.iter().any(|(known, _)| text(known) == name);
        // Python would raise TypeError at each call.
        let missing = function.parameters.iter().find(|parameter| {
            parameter.default.is_none() && !is_star(parameter) && !is_declared(&parameter.name)
        });
        match missing {
            Some(missing) => Err(format!(
                "`{python_name}` is declared without the parameter `{}`, which has no default in `{python}`",
                missing.name
            )),
            None => Ok(statements),
        }
    }
}

fn is_star(parameter: &Parameter) -> bool {
    matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword)
}

/// Returns a name without `r#`.
fn text(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}
