// A beat is sent only over a living connection: kept beats would make a dead screen look alive later.
export default {
  props: { every: Number },
  emits: ["beat"],
  methods: {
    send() {
      if (!window.socket?.connected) return false;
      this.$emit("beat", document.visibilityState === "visible");
      return true;
    },
    first() {
      if (!this.send()) this.starting = setTimeout(this.first, 100);
    },
  },
  mounted() {
    this.first();
    this.timer = setInterval(this.send, this.every * 1000);
    document.addEventListener("visibilitychange", this.send);
  },
  unmounted() {
    clearTimeout(this.starting);
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.send);
  },
  template: `<span hidden></span>`,
};
