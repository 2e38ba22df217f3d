//! The whole module: which functions have a counterpart, and what stands around them.

use std::path::PathBuf;

use callpy_signature::{DecoratorEffect, Function, Hint, Module, Type};
use proc_macro2::TokenStream;
use quote::quote;

use crate::lower::{ClassShape, Lowering, shape_of};
use crate::types::own;
use crate::{Input, Loading, Outcome, Problem, class, doc, function, union};

/// What became of a file.
pub(crate) struct Mapped {
    pub(crate) code: Result<TokenStream, Vec<Problem>>,
    pub(crate) functions: Vec<Outcome>,
    pub(crate) neighbours: Vec<PathBuf>,
}

/// Writes the module, and says what became of each function, also where some can't be mapped.
pub(crate) fn generate(module: &Module, input: &Input) -> Mapped {
    let callpy = &quote!(__callpy);
    let mut problems = Vec::new();
    let mut problem = |line: Option<usize>, message: String| {
        problems.push(Problem { file: input.file.clone(), line, message });
    };
    let mut lowering = Lowering::new(module, input.path.as_deref());
    let mut functions = TokenStream::new();
    let mut outcomes = Vec::new();
    let by_hand = |name: &str| input.declared.iter().any(|declared| declared.python_name() == name);
    for python in module.public_functions().filter(|function| !by_hand(&function.name)) {
        lowering.untyped.clear();
        let line = python.name_span.start.line;
        let left_out = reason_to_leave_out(python);
        let mut refused = None;
        if left_out.is_none() {
            for (place, hint) in hints(python) {
                if let Some(reason) = invalid(&hint.ty) {
                    refused = Some(format!("{place}: the hint `{}`: {reason}", hint.source));
                    problem(Some(hint.span.start.line), unmappable(python, &place, hint, reason));
                }
            }
            let check = matches!(input.loading, Loading::Imported { .. })
                || python.unsettling_decorator().is_some();
            functions.extend(function::function(&mut lowering, callpy, python, &input.file, check));
        }
        let untyped = std::mem::take(&mut lowering.untyped);
        outcomes.push(Outcome { name: python.name.clone(), line, left_out, refused, untyped });
    }

    let mut declared = TokenStream::new();
    for by_hand in &input.declared {
        let check = matches!(input.loading, Loading::Imported { .. });
        match by_hand.generate(module, callpy, &input.file, check) {
            Ok(function) => declared.extend(function),
            Err((line, message)) => problem(line, message),
        }
    }
    if functions.is_empty() && input.declared.is_empty() && problems.is_empty() {
        problems.push(nothing(input, &outcomes));
    }
    let classes = classes(&mut lowering, input, &mut problems);
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.line);
        return Mapped { code: Err(problems), functions: outcomes, neighbours: Vec::new() };
    }
    let unions = (0..lowering.unions.len()).map(|number| union::union(&lowering, callpy, number));
    let texts = lowering.texts.iter().map(|texts| union::texts(texts, callpy));
    let declared = (!declared.is_empty()).then(|| {
        quote! {
            pub use self::__declared::*;
            mod __declared {
                use super::__callpy;
                use super::super::*;
                use #callpy::generated::prelude::*;
                #declared
            }
        }
    });
    let statics = statics(input);
    let real = &input.callpy;
    let docs = docs(module, input, &outcomes);
    let Input { attributes, visibility, name, .. } = input;
    let code = quote! {
        #attributes
        #docs
        #[allow(
            clippy::all, clippy::pedantic, clippy::nursery, dead_code, missing_copy_implementations,
            non_camel_case_types, non_snake_case, non_upper_case_globals, unreachable_pub, unused,
            reason = "generated from Python, whose names these are"
        )]
        #visibility mod #name {
            use #real as __callpy;
            #statics
            #functions
            #declared
            #classes
            #(#unions)*
            #(#texts)*
        }
    };
    let neighbours = lowering.neighbours.read.into_iter().collect();
    Mapped { code: Ok(code), functions: outcomes, neighbours }
}

/// Says why a public function has no counterpart, if so.
pub(crate) fn reason_to_leave_out(function: &Function) -> Option<String> {
    let hinted = function.returns.is_some()
        || function.parameters.iter().any(|parameter| parameter.hint.is_some());
    if function.is_async {
        return Some("it is an async function, which can't be called yet".into());
    }
    if function.is_generator {
        return Some(
            "it is a generator; declare it by hand to have the generator as an Object".into(),
        );
    }
    if let Some(decorator) =
        function.decorators.iter().find(|decorator| decorator.effect == DecoratorEffect::Changes)
    {
        return Some(format!("@{} changes its signature; declare it by hand", decorator.source));
    }
    if !hinted && function.overloads > 0 {
        return Some("it is overloaded; declare the one you need by hand".into());
    }
    (!hinted).then(|| "it has no hints; declare it by hand".into())
}

pub(crate) fn hints(function: &Function) -> impl Iterator<Item = (String, &Hint)> {
    let parameters = function.parameters.iter().filter_map(|parameter| {
        let hint = parameter.hint.as_ref()?;
        Some((format!("parameter `{}`", parameter.name), hint))
    });
    parameters.chain(function.returns.iter().map(|hint| ("the result".to_owned(), hint)))
}

/// Returns why a hint is no type, if so.
pub(crate) fn invalid(ty: &Type) -> Option<&str> {
    match ty {
        Type::Invalid { reason } => Some(reason),
        // What its arguments mean, only its own module knows: `from elsewhere import Literal`.
        Type::Unknown { .. } => None,
        ty => ty.children().into_iter().find_map(invalid),
    }
}

pub(crate) fn unmappable(function: &Function, place: &str, hint: &Hint, reason: &str) -> String {
    format!(
        "`{}`, {place}: the hint `{}` can't be mapped: {reason}; write a type that says what is given \
         (`Any` for anything), or leave the function out: name it `_{}`, list the others in \
         `__all__`, or declare it by hand in the macro",
        function.name, hint.source, function.name
    )
}

/// The problem of a file from which nothing comes.
fn nothing(input: &Input, outcomes: &[Outcome]) -> Problem {
    let (line, message) = match outcomes {
        [] => (None, "there is no public function in it".to_owned()),
        [only] => {
            let reason = only.left_out.as_deref().unwrap_or_default();
            (Some(only.line), format!("`{}` is the only public function, and {reason}", only.name))
        }
        [first, ..] => {
            let list: Vec<String> = outcomes
                .iter()
                .map(|outcome| {
                    format!(
                        "`{}`: {}",
                        outcome.name,
                        outcome.left_out.as_deref().unwrap_or_default()
                    )
                })
                .collect();
            (Some(first.line), format!("no public function can be typed: {}", list.join("; ")))
        }
    };
    Problem { file: input.file.clone(), line, message }
}

/// Writes the classes that are public or that some function names.
fn classes(lowering: &mut Lowering<'_>, input: &Input, problems: &mut Vec<Problem>) -> TokenStream {
    let module = lowering.module;
    let mut code = TokenStream::new();
    let mut done: Vec<&str> = Vec::new();
    // Fields may name further classes.
    loop {
        let next = module.classes.iter().find(|class| {
            let wanted = module.is_public(&class.name) || lowering.used.contains(&class.name);
            wanted && shape_of(class) != ClassShape::Object && !done.contains(&&class.name[..])
        });
        let Some(next) = next else { break };
        done.push(&next.name);
        for field in &next.fields {
            let Some(hint) = &field.hint else { continue };
            if let Some(reason) = invalid(&hint.ty) {
                let message = format!(
                    "`{}`, field `{}`: the hint `{}` can't be mapped: {reason}; write a type that \
                     says what it is (`Any` for anything)",
                    next.name, field.name, hint.source
                );
                let line = Some(hint.span.start.line);
                problems.push(Problem { file: input.file.clone(), line, message });
            }
        }
        code.extend(class::class(lowering, &quote!(__callpy), next, &input.file));
    }
    code
}

/// Writes what loads the module.
fn statics(input: &Input) -> TokenStream {
    let callpy = quote!(__callpy);
    let name = input.name.to_string();
    let name = name.trim_start_matches("r#");
    let module = own("__MODULE");
    match &input.loading {
        Loading::Embedded { path, name: python, reload } => {
            let file = &input.file;
            let python = match python {
                Some(python) => quote!(#python),
                None => quote!(::core::module_path!()),
            };
            // The path of the developer's machine has no business in a release.
            let disk = match reload {
                true => quote!(::core::option::Option::Some(#path)),
                false => quote! {
                    if cfg!(debug_assertions) {
                        ::core::option::Option::Some(#path)
                    } else {
                        ::core::option::Option::None
                    }
                },
            };
            quote! {
                static #module: #callpy::generated::Module = #callpy::generated::Module::new(
                    #name,
                    #callpy::generated::Source::Embedded {
                        name: #python,
                        file: #file,
                        text: ::core::include_str!(#path),
                        disk: #disk,
                        reload: #reload,
                    },
                );
            }
        }
        Loading::Imported { module: python } => quote! {
            static #module: #callpy::generated::Module = #callpy::generated::Module::new(
                #python,
                #callpy::generated::Source::Imported(#python),
            );
        },
    }
}

fn docs(module: &Module, input: &Input, outcomes: &[Outcome]) -> TokenStream {
    let mut text = doc::docstring(module.docstring.as_deref()).unwrap_or_default();
    text.push_str(&format!("\nThe typed functions of {}.\n", doc::code(&input.file)));
    let left_out: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.left_out.is_some()).collect();
    if !left_out.is_empty() {
        text.push_str("\n# Left out\n\n");
    }
    for outcome in left_out {
        let reason = outcome.left_out.as_deref().unwrap_or_default();
        text.push_str(&format!("- `{}` (line {}): {reason}.\n", outcome.name, outcome.line));
    }
    doc::attributes(text.trim_start_matches('\n'))
}
