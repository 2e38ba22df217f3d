//! Writes the Rust functions for one Python function: with the required arguments, and with all.

use callpy_signature::{Function, Literal, Parameter, ParameterKind, Usage};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::doc;
use super::types::Writer;
use crate::lower::{Lowered, Lowering};
use crate::names::{camel, ident};
use crate::python::{declaration, parameters as parameters_of, signature};

/// A parameter and its Rust type.
struct Argument<'f> {
    parameter: &'f Parameter,
    lowered: Lowered,
}

/// Writes the function, and the type of its options if it has any.
pub(crate) fn function<'f>(
    lowering: &mut Lowering<'_>,
    callpy: &TokenStream,
    function: &'f Function,
    file: &str,
    check: bool,
    usage: Option<Usage>,
) -> TokenStream {
    // Only required parameters are in Rust's signature, so it does not change when Python gains a
    // parameter with a default, wherever that is.
    let (required, optional): (Vec<&Parameter>, Vec<&Parameter>) =
        function.parameters.iter().partition(|parameter| is_required(parameter));
    let mut lower = |parameters: Vec<&'f Parameter>| -> Vec<Argument<'f>> {
        let lower =
            |parameter| Argument { parameter, lowered: lowering.parameter(function, parameter) };
        parameters.into_iter().map(lower).collect()
    };
    let (required, optional) = (lower(required), lower(optional));
    let returns = lowering.result(function);
    let base = camel(&function.name);
    let names = Names::new(lowering, function, &base, &required, !optional.is_empty());
    let with_options =
        (!optional.is_empty()).then(|| options(lowering, callpy, function, &optional, &names));
    let functions = functions(
        lowering, callpy, function, file, check, usage, &required, &optional, &returns, &names,
    );
    quote!(#functions #with_options)
}

fn is_required(parameter: &Parameter) -> bool {
    let star = matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
    parameter.default.is_none() && !star
}

/// The names in Rust.
struct Names {
    function: Ident,
    with: Ident,
    options_type: Ident,
    /// The parameter that takes the options.
    options: Ident,
}

impl Names {
    fn new(
        lowering: &mut Lowering<'_>,
        function: &Function,
        base: &str,
        required: &[Argument<'_>],
        has_options: bool,
    ) -> Names {
        // The file may have a function or a parameter with the same name.
        let mut with = format!("{}_with", function.name);
        while lowering.functions.contains(&with[..]) {
            with.push_str("_options");
        }
        let options_type = match has_options {
            true => lowering.take_name(&format!("{base}Options")),
            false => "_Unused".to_owned(),
        };
        let mut options = "options".to_owned();
        while required.iter().any(|lowered| lowered.parameter.name == options) {
            options.push('_');
        }
        Names {
            function: ident(&function.name),
            with: ident(&with),
            options_type: ident(&options_type),
            options: ident(&options),
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "they are the parts of one function")]
fn functions(
    lowering: &Lowering<'_>,
    callpy: &TokenStream,
    function: &Function,
    file: &str,
    check: bool,
    usage: Option<Usage>,
    required: &[Argument<'_>],
    optional: &[Argument<'_>],
    returns: &Lowered,
    names: &Names,
) -> TokenStream {
    let mut writer = Writer::new(lowering, callpy);
    let result = writer.result(returns);
    let mut parameters = Vec::new();
    let mut arguments = Vec::new();
    let mut by_position = Vec::new();
    let mut by_name = Vec::new();
    for Argument { parameter, lowered } in required {
        let (name, key) = (ident(&parameter.name), &parameter.name);
        let (ty, into) = writer.argument(lowered, quote!(#name), key, false);
        parameters.push(quote!(#name: #ty));
        arguments.push(name);
        match parameter.kind {
            ParameterKind::KeywordOnly => by_name.push(quote!(__call.named(#key, #into)?;)),
            _ => by_position.push(quote!(__call.positional(#into)?;)),
        }
    }
    let of_kind = |kind: ParameterKind| {
        optional
            .iter()
            .filter(move |lowered| lowered.parameter.kind == kind)
            .map(|lowered| &lowered.parameter.name)
    };
    let has_options = !optional.is_empty();
    let options = &names.options;
    let (options_before, options_after) = match has_options {
        true => {
            // Positional arguments must be in the order of Python's parameters, so the options add
            // theirs between the required positional arguments and the keyword arguments.
            let (only, either) = (
                of_kind(ParameterKind::PositionalOnly),
                of_kind(ParameterKind::PositionalOrKeyword),
            );
            (
                quote!(__options.positional(__call, __dims, &[#(#only),*], &[#(#either),*])?;),
                quote!(__options.named(__call, __dims)?;),
            )
        }
        false => (quote!(), quote!()),
    };
    let take_options = has_options.then(|| quote!(let mut __options = #options.0;));
    let check_result = writer.check_result(returns, quote!(__result));
    let place = quote! {
        #(#by_position)*
        #options_before
        #(#by_name)*
        #options_after
        ::core::result::Result::Ok(())
    };
    // Named axes are compared across arguments and the result, so one `Dims` serves the whole call.
    let needs_dims = has_options || check_result.is_some() || writer.checks;
    let dims = needs_dims.then(|| quote!(let __dims = &#callpy::generated::Dims::new();));
    // A result that is hinted as iterable may be a generator, which is read to its end within the call.
    let iterated = matches!(returns, Lowered::List { iterable: true, .. });
    let call = match iterated {
        true => quote! {
            let __result: #callpy::Object = __FUNCTION.call(|__call| { #place })?;
            #callpy::generated::iterated(__result)
        },
        false => match check_result {
            Some(check) => quote! {
                let __result: #result = __FUNCTION.call(|__call| { #place })?;
                #check
                ::core::result::Result::Ok(__result)
            },
            None => quote!(__FUNCTION.call(|__call| { #place })),
        },
    };
    let (python_name, signature) = (&function.name, parameters_of(&function.parameters));
    let usage = self::usage(usage);
    // A static, so that Python looks up the function only once.
    let body = quote! {
        static __FUNCTION: #callpy::generated::Function =
            #callpy::generated::Function::new(&__MODULE, #python_name, #signature, #check)#usage;
        #take_options
        #dims
        #call
    };
    let generics = writer.generics();
    let lifetime = |used: bool| used.then(|| quote!('a,));
    let Names { function: name, with, options_type, .. } = names;
    let docs = docs(function, file);
    if !has_options {
        let lifetime = lifetime(writer.lends);
        return quote! {
            #docs
            #[track_caller]
            pub fn #name<#lifetime #(#generics),*>(#(#parameters),*) -> #callpy::Result<#result> {
                #body
            }
        };
    }
    let more = doc::attributes(&format!(
        "What has a default in Python is left to it; [`{with}`] takes it too."
    ));
    let with_doc = doc::attributes(&format!(
        "Calls [`{name}`] with more than it must have: see [`{options_type}`]."
    ));
    let short_lifetime = lifetime(writer.lends);
    quote! {
        #docs
        #[doc = ""]
        #more
        #[track_caller]
        pub fn #name<#short_lifetime #(#generics),*>(#(#parameters),*) -> #callpy::Result<#result> {
            #with(#(#arguments,)* #options_type::new())
        }
        #with_doc
        #[track_caller]
        pub fn #with<'a, #(#generics),*>(
            #(#parameters,)*
            #options: #options_type<'a>,
        ) -> #callpy::Result<#result> {
            #body
        }
    }
}

/// Writes what is known of a function's arguments, after `Function::new(…)`.
pub(crate) fn usage(usage: Option<Usage>) -> Option<TokenStream> {
    usage.map(|usage| match usage {
        Usage::Retained => quote!(.retains()),
        Usage::Borrowed => quote!(.lends()),
    })
}

/// Writes the type of the options: a setter for each.
fn options(
    lowering: &Lowering<'_>,
    callpy: &TokenStream,
    function: &Function,
    optional: &[Argument<'_>],
    names: &Names,
) -> TokenStream {
    let Names { function: function_name, with, options_type: name, .. } = names;
    let setters = optional.iter().map(|Argument { parameter, lowered }| {
        let key = &parameter.name;
        let setter = match &key[..] {
            "new" => format_ident!("new_"),
            key => ident(key),
        };
        let mut writer = Writer::new(lowering, callpy);
        // If None is the default, leaving the option out means None.
        let is_none = parameter.default.as_ref().is_some_and(|d| d.literal == Some(Literal::None));
        let lowered = match lowered {
            Lowered::Optional(inner) if is_none => inner,
            other => other,
        };
        let (ty, into) = writer.argument(lowered, quote!(value), key, false);
        // A closure that captures an `impl Into` would borrow its result.
        let make = quote!(move |__scope, __dims| #callpy::IntoPython::into_python(#into, __scope));
        let source = declaration(key, parameter.hint.as_ref(), parameter.default.as_ref());
        let source = doc::code(&source);
        let generics = writer.generics();
        let (docs, signature, set) = match parameter.kind {
            ParameterKind::VarPositional => (
                format!("Adds one of {}.", doc::code(&format!("*{source}").replace('`', ""))),
                quote!(#setter<#(#generics),*>(mut self, value: #ty)),
                quote!(self.0.push(#make)),
            ),
            ParameterKind::VarKeyword => (
                format!("Adds one of {}.", doc::code(&format!("**{source}").replace('`', ""))),
                quote!(#setter<#(#generics),*>(mut self, name: &str, value: #ty)),
                quote!(self.0.extra(name, #make)),
            ),
            _ => (
                format!("Sets {source}."),
                quote!(#setter<#(#generics),*>(mut self, value: #ty)),
                quote!(self.0.set(#key, #make)),
            ),
        };
        let docs = doc::attributes(&docs);
        quote! {
            #docs
            pub fn #signature -> Self {
                #set;
                self
            }
        }
    });
    let docs = doc::attributes(&format!(
        "What [`{with}`] takes beyond the arguments of [`{function_name}`]. What is not set has the \
         default that Python gives it."
    ));
    let _ = function;
    quote! {
        #docs
        #[derive(Debug, Default)]
        #[must_use]
        pub struct #name<'a>(#callpy::generated::Options<'a>);
        impl<'a> #name<'a> {
            /// Sets nothing yet.
            pub fn new() -> Self {
                Self(::core::default::Default::default())
            }
            #(#setters)*
        }
    }
}

fn docs(function: &Function, file: &str) -> TokenStream {
    let text = doc::docstring(function.docstring.as_deref()).unwrap_or_default();
    let line = function.name_span.start.line;
    let source = doc::code(&signature(function));
    doc::attributes(
        format!("{text}\n{source}, line {line} of {}.", doc::code(file)).trim_start_matches('\n'),
    )
}
