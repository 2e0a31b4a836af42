// A beat is sent only over a living connection: kept beats would make a dead screen look alive later.
export default {
  props: { every: Number },
  emits: ["beat"],
  methods: {
    send() {
      if (!window.socket?.connected) return false;
      this.$emit("beat", {
        visible: document.visibilityState === "visible",
        at: Date.now(),
        battery: this.battery?.level,
        charging: this.battery?.charging,
      });
      return true;
    },
    first() {
      if (!this.send()) this.starting = setTimeout(this.first, 100);
    },
  },
  mounted() {
    navigator.getBattery?.().then((battery) => (this.battery = battery), () => {}); // only some browsers have one, and over HTTPS only
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
