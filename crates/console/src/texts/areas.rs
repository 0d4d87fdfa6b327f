//! The names of the provinces, by the first two digits of an administrative division code (GB/T
//! 2260), which is what the profile of a user holds as their area.

use super::Lang;

/// Declares the provinces: code, name in Chinese, name in English.
macro_rules! provinces {
    ($($code:literal $zh:literal, $en:literal;)+) => {
        const fn province(code: &str, lang: Lang) -> Option<&'static str> {
            match code.as_bytes() {
                $($code => Some(match lang {
                    Lang::Zh => $zh,
                    Lang::En => $en,
                }),)+
                _ => None,
            }
        }
    };
}

provinces! {
    b"11" "北京", "Beijing";
    b"12" "天津", "Tianjin";
    b"13" "河北", "Hebei";
    b"14" "山西", "Shanxi";
    b"15" "内蒙古", "Inner Mongolia";
    b"21" "辽宁", "Liaoning";
    b"22" "吉林", "Jilin";
    b"23" "黑龙江", "Heilongjiang";
    b"31" "上海", "Shanghai";
    b"32" "江苏", "Jiangsu";
    b"33" "浙江", "Zhejiang";
    b"34" "安徽", "Anhui";
    b"35" "福建", "Fujian";
    b"36" "江西", "Jiangxi";
    b"37" "山东", "Shandong";
    b"41" "河南", "Henan";
    b"42" "湖北", "Hubei";
    b"43" "湖南", "Hunan";
    b"44" "广东", "Guangdong";
    b"45" "广西", "Guangxi";
    b"46" "海南", "Hainan";
    b"50" "重庆", "Chongqing";
    b"51" "四川", "Sichuan";
    b"52" "贵州", "Guizhou";
    b"53" "云南", "Yunnan";
    b"54" "西藏", "Tibet";
    b"61" "陕西", "Shaanxi";
    b"62" "甘肃", "Gansu";
    b"63" "青海", "Qinghai";
    b"64" "宁夏", "Ningxia";
    b"65" "新疆", "Xinjiang";
    b"71" "台湾", "Taiwan";
    b"81" "香港", "Hong Kong";
    b"82" "澳门", "Macao";
}

/// An area with the name of its province: `上海 310100`; the code alone if it is none.
pub(crate) fn area_name(lang: Lang, code: &str) -> String {
    let name = code.get(..2).and_then(|first| province(first, lang));
    name.map_or_else(|| code.to_owned(), |name| format!("{name} {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn province_of_an_area_is_named() {
        for (code, zh, en) in [
            ("310100", "上海 310100", "Shanghai 310100"),
            ("44", "广东 44", "Guangdong 44"),
            ("990000", "990000", "990000"),
            ("3", "3", "3"),
            ("上海市", "上海市", "上海市"),
            ("", "", ""),
        ] {
            assert_eq!(area_name(Lang::Zh, code), zh);
            assert_eq!(area_name(Lang::En, code), en);
        }
    }
}
