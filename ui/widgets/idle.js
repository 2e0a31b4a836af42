// Counts the seconds since the last touch; tells the server once when they are over.
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"];

export default {
  props: { limit: Number, warn: Number, touches: Boolean, sentence: String },
  emits: ["over"],
  data() {
    return { left: this.limit, told: false };
  },
  computed: {
    counting() {
      return this.left <= this.warn;
    },
    words() {
      return this.sentence.replace("{seconds}", Math.max(0, Math.ceil(this.left)));
    },
  },
  methods: {
    touch() {
      if (this.told) return;
      this.until = performance.now() + this.limit * 1000;
      this.left = this.limit;
    },
    tick() {
      this.left = (this.until - performance.now()) / 1000;
      if (this.left > 0 || this.told) return;
      this.told = true;
      this.$emit("over");
    },
  },
  mounted() {
    this.touch();
    this.timer = setInterval(this.tick, 250);
    if (this.touches) TOUCHES.forEach((t) => window.addEventListener(t, this.touch, { passive: true }));
  },
  unmounted() {
    clearInterval(this.timer);
    TOUCHES.forEach((t) => window.removeEventListener(t, this.touch));
  },
  template: `
    <div class="cs-idle" :class="{ 'cs-idle-counting': counting, 'cs-idle-calm': !touches }" role="timer" aria-live="off">
      <span class="cs-idle-bar" v-if="counting" :style="{ transform: 'scaleX(' + Math.max(0, left / warn) + ')' }" aria-hidden="true"></span>
      <span v-if="counting">{{ words }}</span>
    </div>`,
};
