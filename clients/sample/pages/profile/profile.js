const { theApp } = require('../../lib/app');
const { forUser, toast } = require('../../lib/notify');

Page({
  data: {
    /** @type {any} */
    me: null,
    nickname: '',
    gender: 0,
    age: '',
    busy: false,
  },

  onLoad() {
    forUser(async () => {
      const { qlive, ready } = theApp();
      await ready;
      const me = await qlive.profile();
      const isKnown = me.profile_ready;
      this.setData({
        me,
        nickname: isKnown ? me.nickname : '',
        gender: isKnown ? me.gender : 0,
        age: String(me.age),
      });
    });
  },

  /** @param {any} event */
  writeNickname(event) {
    this.setData({ nickname: event.detail.value });
  },

  /** @param {any} event */
  writeAge(event) {
    this.setData({ age: event.detail.value });
  },

  /** @param {any} event */
  chooseGender(event) {
    this.setData({ gender: Number(event.currentTarget.dataset.gender) });
  },

  save() {
    if (this.data.busy) return;
    this.setData({ busy: true });
    forUser(async () => {
      const { nickname, gender, age } = this.data;
      if (!nickname || !gender) {
        toast('请填写昵称并选择性别');
        return;
      }
      await theApp().qlive.updateProfile({ nickname, gender, age: Number(age) });
      toast('已保存');
      wx.navigateBack();
    }).then(() => this.setData({ busy: false }));
  },

  goBack() {
    wx.navigateBack();
  },
});
