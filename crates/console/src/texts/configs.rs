//! What the configs are for.

texts!(ConfigTexts {
    default_is: "默认值：{}", "Default: {}";
    nothing: "空", "empty";
    card_title: "第 {} 张的标题", "Title of card {}";
    card_picture: "第 {} 张的图片地址", "Picture of card {}";
    background_colour: "颜色（如 #f69c9a）", "Colour, such as #f69c9a";
    background_height: "高度（像素）", "Height in pixels";
    background_picture: "图片地址", "Address of the picture";
    program_share: "小程序的分享卡片", "Share cards of the mini-program";
    room_share: "房间的分享卡片", "Share cards of a room";
    banner: "首页的图片", "The picture of the start page";
    background: "背景：颜色、高度、图片", "The background: colour, height, picture";
    exchange_rate:
        "收礼人分成：礼物价格里归收礼人的比例，0 到 1",
        "Receiver's share: the part of a gift's price that the receiver gets, from 0 to 1";
    host_rate:
        "红娘分成：礼物价格里归房间红娘的比例；与收礼人分成之和不超过 1",
        "Matchmaker's share: the part of a gift's price that the matchmaker of the room gets; both \
         shares together are at most 1";
    withdraw_rate: "提现汇率：每 1 金币收入可提现的元数", "Withdrawal rate: yuan for one coin of income";
    forbidden_words:
        "违禁词：含有其中任何一个的发言和私信不会送达",
        "Forbidden words: a message that has one of them is not delivered";
    avatar_boy: "直播列表里男嘉宾空位的图片", "The picture of an empty seat for a man";
    avatar_girl: "直播列表里女嘉宾空位的图片", "The picture of an empty seat for a woman";
});
