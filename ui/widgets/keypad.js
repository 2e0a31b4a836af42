// Digits by finger or keyboard; the value lives here while typing, the server hears of every change.
const KEYS = {
  digits: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "back"],
  phone: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "0", "back"],
  amount: ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "00", "back"],
};

export default {
  props: { kind: String, longest: Number, keyboard: Boolean, words: Object },
  emits: ["change", "enter"],
  data() {
    return { value: "" };
  },
  computed: {
    keys() {
      return KEYS[this.kind] ?? KEYS.digits;
    },
    dotted() {
      return this.kind === "pin" || this.kind === "secret";
    },
    shown() {
      if (this.dotted) return "●".repeat(this.value.length);
      if (this.kind === "phone") return this.value.replace(/^(\d{3})(\d{1,4})?(\d+)?$/, (_, a, b, c) => [a, b, c].filter(Boolean).join(" "));
      return this.value;
    },
    spoken() {
      return this.dotted ? this.words.typed.replace("{count}", this.value.length) : this.value;
    },
  },
  methods: {
    put(value) {
      this.value = value;
    },
    key(key) {
      const before = this.value;
      if (key === "back") this.value = before.slice(0, -1);
      else if (this.fits(before + key)) this.value = before + key;
      if (this.value !== before) this.$emit("change", this.kind === "secret" ? "•".repeat(this.value.length) : this.value);
    },
    fits(value) {
      if (value.length > this.longest) return false;
      if (this.kind === "phone") return /^\+?\d*$/.test(value);
      return this.kind !== "amount" || /^\d+(\.\d{0,2})?$/.test(value);
    },
    typed(event) {
      if (!this.keyboard || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest && event.target.closest("input, textarea, [contenteditable]")) return;
      if (this.$el.offsetParent === null) return;
      if (event.key !== "Enter" && document.activeElement?.tagName === "BUTTON") document.activeElement.blur(); // Enter is the pad's now
      if (/^[0-9]$/.test(event.key) || (event.key === "." && this.kind === "amount") || (event.key === "+" && this.kind === "phone")) this.key(event.key);
      else if (event.key === "Backspace") this.key("back");
      else if (event.key === "Enter" && !(event.target.closest && event.target.closest("button"))) this.$emit("enter");
      else return;
      event.preventDefault();
    },
  },
  mounted() {
    window.addEventListener("keydown", this.typed);
  },
  unmounted() {
    window.removeEventListener("keydown", this.typed);
  },
  template: `
    <div class="cs-keypad" :class="'cs-keypad-' + (dotted ? 'pin' : kind)">
      <div class="cs-keypad-value" role="status" :aria-label="words.value + ' ' + spoken">{{ shown }}<span class="cs-caret" aria-hidden="true"></span></div>
      <div class="cs-keypad-keys">
        <template v-for="k in keys">
          <span v-if="k === ''" aria-hidden="true"></span>
          <button v-else type="button" class="cs-key" :class="{ 'cs-key-back': k === 'back' }" :data-key="k" :aria-label="k === 'back' ? words.back : k" @click="key(k)">
            <i v-if="k === 'back'" class="material-icons" aria-hidden="true">backspace</i><template v-else>{{ k }}</template>
          </button>
        </template>
      </div>
    </div>`,
};
