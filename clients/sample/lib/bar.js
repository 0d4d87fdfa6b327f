/** The style of a page's own bar: below the status bar, and left of WeChat's capsule. */
function barStyle() {
  if (!wx.getMenuButtonBoundingClientRect) return '';
  const { top, left, height } = wx.getMenuButtonBoundingClientRect();
  const { windowWidth } = wx.getWindowInfo();
  return `padding-top: ${top}px; padding-right: ${windowWidth - left}px; min-height: ${height}px`;
}

module.exports = { barStyle };
