//! The texts, in both languages: one struct for each subject, so that a missing text does not
//! compile.

/// Declares the texts of a subject: a name, then the text in Chinese and in English.
macro_rules! texts {
    ($subject:ident { $($name:ident: $zh:literal, $en:literal;)+ }) => {
        /// The texts of a subject.
        pub(crate) struct $subject {
            $(pub(crate) $name: &'static str,)+
        }

        impl $subject {
            pub(super) const ZH: Self = Self { $($name: $zh,)+ };
            pub(super) const EN: Self = Self { $($name: $en,)+ };
        }
    };
}

mod actions;
mod areas;
mod configs;
mod differences;
mod failures;
mod frame;
mod labels;
mod login;
mod notices;
mod pages;
mod values;

pub(crate) use actions::ActionTexts;
pub(crate) use areas::area_name;
pub(crate) use configs::ConfigTexts;
pub(crate) use differences::DifferenceTexts;
pub(crate) use failures::FailureTexts;
pub(crate) use frame::FrameTexts;
pub(crate) use labels::{action_label, record_label};
pub(crate) use login::LoginTexts;
pub(crate) use notices::NoticeTexts;
pub(crate) use pages::PageTexts;
pub(crate) use values::ValueTexts;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    Zh,
    En,
}

/// All texts in one language.
pub(crate) struct Texts {
    pub(crate) frame: FrameTexts,
    pub(crate) login: LoginTexts,
    pub(crate) actions: ActionTexts,
    pub(crate) failures: FailureTexts,
    pub(crate) pages: PageTexts,
    pub(crate) differences: DifferenceTexts,
    pub(crate) values: ValueTexts,
    pub(crate) configs: ConfigTexts,
    pub(crate) notices: NoticeTexts,
}

static ZH: Texts = Texts {
    frame: FrameTexts::ZH,
    login: LoginTexts::ZH,
    actions: ActionTexts::ZH,
    failures: FailureTexts::ZH,
    pages: PageTexts::ZH,
    differences: DifferenceTexts::ZH,
    values: ValueTexts::ZH,
    configs: ConfigTexts::ZH,
    notices: NoticeTexts::ZH,
};

static EN: Texts = Texts {
    frame: FrameTexts::EN,
    login: LoginTexts::EN,
    actions: ActionTexts::EN,
    failures: FailureTexts::EN,
    pages: PageTexts::EN,
    differences: DifferenceTexts::EN,
    values: ValueTexts::EN,
    configs: ConfigTexts::EN,
    notices: NoticeTexts::EN,
};

impl Lang {
    /// The language with this code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The code, for the cookie.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The tag, for the page.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }
}

/// A text with each `{}` replaced by the next of the values.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut values = values.iter();
    let mut parts = text.split("{}");
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        filled.push_str(values.next().unwrap_or(&"…"));
        filled.push_str(part);
    }
    filled
}

/// A text with its only `{}` replaced, for templates.
pub(crate) fn fill_one(text: &str, value: impl ToString) -> String {
    fill(text, &[&value.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_order() {
        assert_eq!(fill("{} 到 {}", &["a", "b"]), "a 到 b");
        assert_eq!(fill("无", &["a"]), "无");
        assert_eq!(fill("{}{}", &["a"]), "a…");
    }
}
