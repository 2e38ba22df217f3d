//! `#[derive(FromPython, IntoPython)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Generics, LitStr, Result};

/// Where the parts of a struct are in Python.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Attributes,
    Keys,
    Positions,
}

/// What `#[callpy(…)]` says of the struct.
#[derive(Default)]
struct Options {
    by: Option<By>,
    /// The target of the class that is called with the fields.
    class: Option<LitStr>,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Options> {
        let mut options = Options::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("callpy")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("class") {
                    options.class = Some(meta.value()?.parse()?);
                    return Ok(());
                }
                let by = [
                    ("attributes", By::Attributes),
                    ("keys", By::Keys),
                    ("positions", By::Positions),
                ];
                let Some((_, by)) = by.into_iter().find(|(name, _)| meta.path.is_ident(name))
                else {
                    return Err(meta.error(
                        "expected `attributes`, `keys`, `positions` or `class = \"module:Class\"`",
                    ));
                };
                match options.by.replace(by) {
                    Some(_) => Err(meta.error("a struct is read in one of the three ways")),
                    None => Ok(()),
                }
            })?;
        }
        Ok(options)
    }
}

/// A field, and what it is called in Python.
struct Part<'f> {
    field: &'f Field,
    name: String,
    /// The field of the struct, by name or number.
    member: syn::Member,
}

fn parts(fields: &Fields) -> Result<Vec<Part<'_>>> {
    let part = |(index, field): (usize, _)| part(index, field);
    fields.iter().enumerate().map(part).collect()
}

fn part(index: usize, field: &Field) -> Result<Part<'_>> {
    let mut name = field.ident.as_ref().map_or_else(
        || index.to_string(),
        |ident| ident.to_string().trim_start_matches("r#").to_owned(),
    );
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("callpy")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("expected `name = \"…\"`"));
            }
            name = meta.value()?.parse::<LitStr>()?.value();
            Ok(())
        })?;
    }
    let member = match &field.ident {
        Some(ident) => syn::Member::Named(ident.clone()),
        None => syn::Member::Unnamed(index.into()),
    };
    Ok(Part { field, name, member })
}

/// Returns the struct's fields, and how they are read if nothing is said.
fn fields(input: &DeriveInput) -> Result<&Fields> {
    match &input.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unit) => Ok(&data.fields),
        _ => Err(Error::new(
            Span::call_site(),
            "this can be derived for structs with fields; implement the trait by hand for others",
        )),
    }
}

/// Refuses two fields with one name, of which one would be lost.
fn check_names(parts: &[Part<'_>]) -> Result<()> {
    for (index, part) in parts.iter().enumerate() {
        if parts[..index].iter().any(|other| other.name == part.name) {
            let message = format!("two fields are called {:?} in Python", part.name);
            return Err(Error::new(part.field.span(), message));
        }
    }
    Ok(())
}

fn check(by: By, fields: &Fields, input: &DeriveInput) -> Result<()> {
    match fields {
        Fields::Unnamed(_) if by != By::Positions => Err(Error::new(
            input.ident.span(),
            "fields without names have only positions in Python",
        )),
        _ => Ok(()),
    }
}

/// Asks for the trait of each field's type, where the field is named in an error.
fn bounds(generics: &mut Generics, parts: &[Part<'_>], bound: &TokenStream) {
    let clause = generics.make_where_clause();
    for part in parts {
        let (ty, span) = (&part.field.ty, part.field.ty.span());
        let bound = quote_spanned!(span=> #ty: #bound);
        clause.predicates.push(syn::parse_quote!(#bound));
    }
}

pub(crate) fn from_python(mut input: DeriveInput) -> Result<TokenStream> {
    let mut generics = std::mem::take(&mut input.generics);
    let input = &input;
    let (fields, options) = (fields(input)?, Options::of(&input.attrs)?);
    let by = options.by.unwrap_or(match fields {
        Fields::Unnamed(_) => By::Positions,
        _ => By::Attributes,
    });
    check(by, fields, input)?;
    let parts = parts(fields)?;
    let (ident, class) = (&input.ident, input.ident.to_string());
    let (members, names): (Vec<_>, Vec<_>) =
        parts.iter().map(|part| (&part.member, &part.name)).unzip();
    let count = parts.len();
    let values: Vec<_> = (0..count).map(|index| format_ident!("value_{index}")).collect();
    let found = match by {
        By::Attributes => quote! {
            ::callpy::generated::attributes(#class, object, [#(#names),*], scope)?
        },
        By::Keys => quote! {{
            let found = ::callpy::generated::entries(#class, object, [#(#names),*], scope)?;
            let [#(#values),*] = found;
            [#(#values.ok_or_else(|| ::callpy::generated::missing(#class, #names))?),*]
        }},
        By::Positions => {
            quote!(<[::callpy::Object; #count] as ::callpy::FromPython>::from_python(object, scope)?)
        }
    };
    bounds(&mut generics, &parts, &quote!(::callpy::FromPython));
    let (implemented, arguments, clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #implemented ::callpy::FromPython for #ident #arguments #clause {
            fn from_python(
                object: ::callpy::Object,
                scope: &mut ::callpy::Scope<'_>,
            ) -> ::callpy::Result<Self> {
                let [#(#values),*]: [::callpy::Object; #count] = #found;
                ::core::result::Result::Ok(#ident {
                    #(#members: ::callpy::generated::field(#names, #values, scope)?,)*
                })
            }
        }
    })
}

pub(crate) fn into_python(mut input: DeriveInput) -> Result<TokenStream> {
    let mut generics = std::mem::take(&mut input.generics);
    let arguments = generics.split_for_impl().1.to_token_stream();
    let input = &input;
    let (fields, options) = (fields(input)?, Options::of(&input.attrs)?);
    let by = options.by.unwrap_or(match fields {
        Fields::Unnamed(_) => By::Positions,
        _ if options.class.is_some() => By::Attributes,
        _ => By::Keys,
    });
    check(by, fields, input)?;
    let parts = parts(fields)?;
    if by != By::Positions {
        check_names(&parts)?;
    }
    let ident = &input.ident;
    let (members, names): (Vec<_>, Vec<_>) =
        parts.iter().map(|part| (&part.member, &part.name)).unzip();
    let pairs = quote! {
        [#(::callpy::generated::give(#names, self.#members, scope)?),*]
    };
    let made = match by {
        By::Attributes => {
            let class =
                options.class.map_or("types:SimpleNamespace".to_owned(), |class| class.value());
            quote! {{
                let fields = #pairs;
                ::callpy::generated::construct(&::callpy::generated::class(#class)?, fields)
            }}
        }
        By::Keys => quote! {{
            let fields = #pairs;
            ::callpy::generated::mapping(fields, scope)
        }},
        By::Positions => quote! {{
            let items = ::std::vec![#(::callpy::generated::give(#names, self.#members, scope)?.1),*];
            ::callpy::IntoPython::into_python(::callpy::generated::tuple(items), scope)
        }},
    };
    bounds(&mut generics, &parts, &quote!(::callpy::IntoPython<'callpy>));
    generics.params.insert(0, syn::parse_quote!('callpy));
    let (implemented, _, clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #implemented ::callpy::IntoPython<'callpy> for #ident #arguments #clause {
            fn into_python(
                self,
                scope: &mut ::callpy::Scope<'callpy>,
            ) -> ::callpy::Result<::callpy::Object> {
                #made
            }
        }
    })
}
