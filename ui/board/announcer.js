// One call at a time over the whole screen; the chime is made by the browser.
export default {
  props: { shown: Number, words: Object },
  data() {
    return { waiting: [], now: null, mute: false };
  },
  methods: {
    call(ticket, stylist) {
      this.waiting.push({ ticket, stylist });
      if (!this.now) this.next();
    },
    async next() {
      this.now = this.waiting.shift() ?? null;
      if (!this.now) return;
      setTimeout(this.next, this.shown * 1000);
      this.mute = !(await chairside.chime());
    },
    async wake() {
      if (this.mute) this.mute = !(await chairside.chime());
    },
  },
  mounted() {
    window.addEventListener("pointerdown", this.wake);
  },
  unmounted() {
    window.removeEventListener("pointerdown", this.wake);
  },
  template: `
    <div>
      <div v-if="now" class="board-call" role="alert">
        <div class="board-call-please">{{ words.please }}</div>
        <div class="board-call-number">{{ now.ticket }}</div>
        <div class="board-call-come">{{ now.stylist ? words.to.replace("{stylist}", now.stylist) : words.come }}</div>
      </div>
      <div v-if="mute" class="board-mute"><i class="material-icons" aria-hidden="true">volume_off</i>{{ words.mute }}</div>
    </div>`,
};
