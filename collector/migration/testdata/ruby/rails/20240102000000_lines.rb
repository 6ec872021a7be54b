# SPDX-License-Identifier: Apache-2.0

class Lines < ActiveRecord::Migration[6.1]
  def up
    create_table :order_lines
  end

  def down
    drop_table :order_lines
  end
end
