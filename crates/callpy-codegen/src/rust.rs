//! Writes the whole module: the functions that can be typed, and the code around them.

mod class;
pub(crate) mod declared;
mod doc;
mod function;
mod instance;
mod types;
mod union;

use std::collections::HashSet;
use std::path::PathBuf;

use callpy_signature::Module;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use self::declared::Declared;
use self::function::{Callable, Kind};
use self::instance::Methods;
use self::types::own;
use crate::lower::{Lowering, is_exception, left_out};
use crate::methods::methods;
use crate::names::{plain, unique, unused};
use crate::report::{nothing, reason_to_leave_out};
use crate::{Diagnostic, FunctionReport, Input, Loading};

/// The result for a file.
pub(crate) struct Written {
    pub(crate) code: Result<TokenStream, Vec<Diagnostic>>,
    pub(crate) functions: Vec<FunctionReport>,
    pub(crate) neighbours: Vec<PathBuf>,
}

/// Writes the module, and reports on each function, even if no module can be written.
pub(crate) fn write(module: &Module, source: &str, input: &Input) -> Written {
    let callpy = &quote!(__callpy);
    let mut problems = Vec::new();
    let mut problem = |line: Option<usize>, message: String| {
        problems.push(Diagnostic { file: input.file.clone(), line, message });
    };
    let mut lowering = Lowering::new(module, input.path.as_deref());
    let mut functions = TokenStream::new();
    let mut methods = TokenStream::new();
    // What each of the functions is called through, by its place.
    let mut all = Vec::new();
    let mut reports = Vec::new();
    let by_hand = |name: &str| input.declared.iter().any(|declared| declared.python_name() == name);
    let is_imported = matches!(input.loading, Loading::Imported { .. });
    let public = module.public_functions();
    let public: Vec<_> = public
        .filter(|function| !by_hand(&function.name) && !input.skip.contains(&function.name))
        .collect();
    let mut used: HashSet<String> = lowering.functions.clone();
    used.retain(|name| by_hand(name));
    used.extend(["__MODULE", "__FUNCTIONS", "__HERE"].map(str::to_owned));
    let names = unique(public.iter().map(|function| &function.name[..]), &mut used);
    used.extend(lowering.functions.iter().cloned());
    for (python, name) in public.into_iter().zip(names) {
        lowering.untyped.clear();
        let line = python.name_span.start.line;
        let parameters = module.call_parameters(python);
        let left_out = reason_to_leave_out(python, &parameters, false);
        if left_out.is_none() {
            // A stub does not know the parameters of what runs as well as it knows their types.
            let check = (is_imported || python.unsettling_decorator().is_some())
                && !python.is_only_overloads;
            let usage = input.usages.of(&mut lowering, &python.name, &parameters);
            let (function, file) = (python, &input.file[..]);
            let (kind, owner) = (Kind::Free(all.len()), None);
            let callable = Callable { function, parameters, kind, owner, name, file, check, usage };
            all.push(callable.declaration(callpy));
            let code = callable.write(&mut lowering, callpy, &mut used);
            functions.extend([code.functions, code.options]);
            methods.extend(code.methods);
        }
        let untyped = std::mem::take(&mut lowering.untyped);
        let (name, file) = (python.name.clone(), None);
        reports.push(FunctionReport { name, line, file, left_out, untyped });
    }

    let mut declared = TokenStream::new();
    let type_name = crate::names::ident(&lowering.take_name("Functions"));
    for by_hand in &input.declared {
        let function = module.function(&by_hand.python_name());
        let usage = function.and_then(|function| {
            input.usages.of(&mut lowering, &function.name, &function.parameters)
        });
        match by_hand.generate(module, callpy, input, usage, (&type_name, all.len())) {
            Ok((function, declaration)) => {
                declared.extend(function);
                all.push(declaration);
            }
            Err((line, message)) => problem(line, message),
        }
    }
    let mut classes = TokenStream::new();
    let (mut done, mut at) = (Vec::new(), 0);
    loop {
        classes.extend(self::classes(&mut lowering, input, &mut reports, &mut done));
        let before = at;
        classes.extend(handles(&mut lowering, input, &mut at));
        // The methods of a neighbour may lead back to classes of this file.
        if at == before {
            break;
        }
    }
    let names: Vec<String> = input.declared.iter().map(Declared::python_name).collect();
    problems.extend(input.usages.problems(&input.file, module, &reports, &names));
    let is_empty = functions.is_empty() && classes.is_empty();
    if is_empty && input.declared.is_empty() && problems.is_empty() {
        problems.push(nothing(&input.file, &reports));
    }
    if !problems.is_empty() {
        // In the order of the file, whichever check found them.
        problems.sort_by_key(|problem| problem.line);
        return Written { code: Err(problems), functions: reports, neighbours: Vec::new() };
    }
    let unions = (0..lowering.unions.len()).map(|number| union::union(&lowering, callpy, number));
    let texts = lowering.texts.iter().map(|texts| union::texts(texts, callpy));
    // In a module of their own: the types in them are looked up where the macro is called.
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
    let on_workers =
        (!all.is_empty()).then(|| on_workers(callpy, &type_name, &all, &methods, &mut used));
    let statics = statics(input, source);
    let real = &input.callpy;
    let docs = docs(module, input, &reports);
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
            #on_workers
            #classes
            #(#unions)*
            #(#texts)*
        }
    };
    let neighbours = lowering.neighbours.read.into_iter().collect();
    Written { code: Ok(code), functions: reports, neighbours }
}

/// Writes the classes that are public or that a function refers to, without those that are done.
fn classes<'m>(
    lowering: &mut Lowering<'m>,
    input: &Input,
    reports: &mut Vec<FunctionReport>,
    done: &mut Vec<&'m str>,
) -> TokenStream {
    let (module, callpy) = (lowering.module, &quote!(__callpy));
    let mut code = TokenStream::new();
    let is_wanted = |class: &callpy_signature::Class| {
        module.is_public(&class.name)
            && !is_exception(module, class)
            && !input.skip.contains(&class.name)
    };
    // Fields and methods may refer to more classes.
    loop {
        let next = module.classes.iter().find(|class| {
            let wanted = is_wanted(class) || lowering.used.contains(&class.name);
            wanted && left_out(class).is_none() && !done.contains(&&class.name[..])
        });
        let Some(next) = next else { break };
        lowering.use_class(next);
        done.push(&next.name);
        code.extend(class::class(lowering, callpy, next, &input.file));
        let is_imported = matches!(input.loading, Loading::Imported { .. });
        let ty = lowering.type_ident(&next.name);
        let (file, is_here) = (&input.file[..], true);
        let skip = &input.skip[..];
        let writer = Methods { callpy, class: next, ty, file, skip, is_imported, is_here };
        let all = methods(lowering, next, &input.skip);
        let usage = |lowering: &mut Lowering<'_>, method: &crate::methods::Method<'_>| {
            input.usages.of(lowering, &method.path, &method.parameters)
        };
        let is_public = is_wanted(next);
        let report = |lowering: &mut Lowering<'_>, method: &crate::methods::Method<'_>| {
            let untyped = std::mem::take(&mut lowering.untyped);
            // Methods of a private class can be called, but no one looks for them.
            if is_public {
                reports.push(FunctionReport {
                    name: method.path.clone(),
                    line: method.function.name_span.start.line,
                    file: method.file.clone(),
                    left_out: method.left_out.clone(),
                    untyped,
                });
            }
        };
        code.extend(writer.write(lowering, &all, usage, report));
    }
    code
}

/// Writes the type that has all functions of the module as methods, which this process or workers call.
fn on_workers(
    callpy: &TokenStream,
    type_name: &Ident,
    all: &[TokenStream],
    methods: &TokenStream,
    used: &mut HashSet<String>,
) -> TokenStream {
    let on = unused(if used.contains("on") { "on_workers" } else { "on" }, used);
    // Functions of the file have their names in any case.
    let [within, cancelled_by, retries] =
        ["within", "cancelled_by", "retries"].map(|name| unused(name, used));
    let type_docs = doc::attributes(&format!(
        "The functions of this module, as they are called on workers: see [`{on}`]({}).",
        plain(&on)
    ));
    let count = all.len();
    quote! {
        static __FUNCTIONS: [#callpy::generated::Function; #count] = [#(#all),*];
        static __HERE: #type_name =
            #type_name { __functions: #callpy::generated::Functions::here(&__FUNCTIONS) };
        #type_docs
        #[derive(Clone, Debug)]
        pub struct #type_name {
            __functions: #callpy::generated::Functions,
        }
        /// Returns the functions of this module as they are called on workers, which import it now.
        pub fn #on(workers: &#callpy::Workers) -> #callpy::Result<#type_name> {
            ::core::result::Result::Ok(#type_name { __functions: __HERE.__functions.on(workers)? })
        }
        impl #type_name {
            /// Returns handles whose calls end after this time, with `ErrorKind::Deadline`.
            #[must_use]
            pub fn #within(&self, limit: ::core::time::Duration) -> Self {
                Self { __functions: self.__functions.within(limit) }
            }
            /// Returns handles whose calls end once they are cancelled, with `ErrorKind::Cancelled`.
            #[must_use]
            pub fn #cancelled_by(&self, cancel: &#callpy::Cancel) -> Self {
                Self { __functions: self.__functions.cancelled_by(cancel) }
            }
            /// Returns handles that repeat a call up to so many times if its worker crashes.
            #[must_use]
            pub fn #retries(&self, most: u32) -> Self {
                Self { __functions: self.__functions.retries(most) }
            }
            #methods
        }
    }
}

/// Writes the classes of neighbours from this one on, with the methods of those that this file's functions
/// return.
fn handles(lowering: &mut Lowering<'_>, input: &Input, at: &mut usize) -> TokenStream {
    let callpy = &quote!(__callpy);
    let mut code = TokenStream::new();
    lowering.is_beyond = true;
    // Their methods may lead to more, which have none.
    while let Some(handle) = lowering.handles.get(*at).cloned() {
        *at += 1;
        code.extend(instance::handle(callpy, &handle));
        if let Some(found) = &handle.found {
            let methods = lowering.neighbours.methods(found);
            code.extend(instance::methods(lowering, callpy, &handle, methods, input));
        }
    }
    lowering.untyped.clear();
    code
}

/// Writes the code that loads the module.
fn statics(input: &Input, source: &str) -> TokenStream {
    let callpy = quote!(__callpy);
    let name = input.name.to_string();
    let name = name.trim_start_matches("r#");
    let module = own("__MODULE");
    let embedded = |text: TokenStream, python: &Option<String>, disk: TokenStream, reload: bool| {
        let file = &input.file;
        let python = match python {
            Some(python) => quote!(#python),
            None => quote!(::core::module_path!()),
        };
        quote! {
            static #module: #callpy::generated::Module = #callpy::generated::Module::new(
                #name,
                #callpy::generated::Source::Embedded {
                    name: #python,
                    file: #file,
                    text: #text,
                    disk: #disk,
                    reload: #reload,
                },
            );
        }
    };
    match &input.loading {
        Loading::Embedded { path, name, reload } => {
            // Release builds must not contain a path of the developer's machine.
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
            embedded(quote!(::core::include_str!(#path)), name, disk, *reload)
        }
        Loading::Decoded { name } => {
            embedded(quote!(#source), name, quote!(::core::option::Option::None), false)
        }
        Loading::Imported { module: python } => quote! {
            static #module: #callpy::generated::Module = #callpy::generated::Module::new(
                #python,
                #callpy::generated::Source::Imported(#python),
            );
        },
    }
}

fn docs(module: &Module, input: &Input, reports: &[FunctionReport]) -> TokenStream {
    let mut text = doc::docstring(module.docstring.as_deref()).unwrap_or_default();
    text.push_str(&format!("\nThe typed functions of {}.\n", doc::code(&input.file)));
    let left_out: Vec<&FunctionReport> =
        reports.iter().filter(|report| report.left_out.is_some()).collect();
    if !left_out.is_empty() {
        text.push_str("\n# Left out\n\n");
    }
    for report in left_out {
        let reason = report.left_out.as_deref().unwrap_or_default();
        text.push_str(&format!("- `{}` ({}): {reason}.\n", report.name, report.place()));
    }
    doc::attributes(text.trim_start_matches('\n'))
}
